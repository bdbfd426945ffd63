import type { SignalSource } from '../core/call.ts';
import type { McpError } from '../core/errors.ts';

/** An abort whose signal costs nothing as long as nobody looks at it. */
export class LazyAbort implements SignalSource {
  #controller: AbortController | undefined;
  #reason: McpError | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  abort(reason: McpError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}
