import type { Clock } from '../core/clock.ts';
import { untilAborted } from '../connect/until-aborted.ts';
import { McpError } from '../core/errors.ts';

/** How long something may take. */
export interface Limit {
  /** Whoever may give it up. */
  readonly signal?: AbortSignal | undefined;
  /** Unit: ms. */
  readonly timeoutMs: number;
}

/** Timers take no more: a longer one would fire at once. */
const MAX_MS = 2 ** 31 - 1;

/** Checks a duration. @throws McpError `invalid_options` if it is no integer from 1 to 2147483647 */
export function checkLimit(path: string, ms: unknown): number {
  if (Number.isSafeInteger(ms) && Number(ms) >= 1 && Number(ms) <= MAX_MS) return Number(ms);
  throw new McpError('invalid_options', `${path} is ${String(ms)}; allowed: an integer from 1 to ${MAX_MS}.`);
}

/** The calls of a client that are not answered yet: each ends with its limit, its caller or the client. */
export class RunningCalls {
  readonly #clock: Clock;
  readonly #running = new Set<AbortController>();
  #closed: McpError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` within its limit. @throws McpError `cancelled` if the caller aborts or the client closes, `timeout` */
  async run<T>({ signal, timeoutMs }: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closed;
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(endedBy(signal?.reason));
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const stop = this.#clock.after(timeoutMs, () => {
      controller.abort(new McpError('timeout', `The server did not answer within ${timeoutMs} ms.`));
    });
    this.#running.add(controller);
    try {
      // Not everything that is waited for looks at the signal: a user, a socket that is mute.
      return await untilAborted(work(controller.signal), controller.signal);
    } catch (thrown) {
      // However the abort came back: the caller learns why.
      throw controller.signal.aborted ? McpError.from(controller.signal.reason) : thrown;
    } finally {
      stop();
      signal?.removeEventListener('abort', abort);
      this.#running.delete(controller);
    }
  }

  /** Ends what runs, and whatever is tried later. */
  close(): void {
    this.#closed = new McpError('cancelled', 'The client was closed.');
    for (const controller of this.#running) controller.abort(this.#closed);
  }
}

/** Whatever a caller aborts with, it is the caller who ended the call. */
const endedBy = (reason: unknown): McpError =>
  reason instanceof McpError ? reason : new McpError('cancelled', 'The caller ended the call.', { cause: reason });
