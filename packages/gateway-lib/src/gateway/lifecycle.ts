import { McpError, type Clock, type Middleware } from '@org/mcp-sdk';

/** Counts running calls, and lets them finish. */
export class Lifecycle {
  readonly #clock: Clock;
  #running = 0;
  #closing = false;
  #onIdle: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Stage that counts calls to the end of their reply, and refuses new ones while closing. */
  readonly stage: Middleware = (next) => async (call) => {
    if (this.#closing) throw new McpError('overloaded', 'The gateway is closing; call another one.');
    this.#running++;
    try {
      const reply = await next(call);
      if (reply.single) this.#finished();
      else
        void reply.done.then(() => {
          this.#finished();
        });
      return reply;
    } catch (thrown) {
      this.#finished();
      throw thrown;
    }
  };

  /** Refuses new calls and resolves when none is running, at the latest after `drainMs`. */
  async drain(drainMs: number): Promise<void> {
    this.#closing = true;
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(drainMs, resolve);
      this.#onIdle = () => {
        cancel();
        resolve();
      };
    });
  }

  #finished(): void {
    if (--this.#running === 0) this.#onIdle?.();
  }
}
