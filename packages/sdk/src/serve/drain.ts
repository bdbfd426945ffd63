import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Middleware } from '../core/handler.ts';

/** Counts running calls, and lets them finish. */
export class Drain {
  readonly #who: string;
  readonly #clock: Clock;
  #running = 0;
  #closing = false;
  #onIdle: (() => void) | undefined;

  /** @param who - for the message to callers, e.g. `gateway` */
  constructor(who: string, clock: Clock) {
    this.#who = who;
    this.#clock = clock;
  }

  /** Counts calls to the end of their reply, and refuses new ones once closing. */
  readonly middleware: Middleware = (next) => async (call) => {
    if (this.#closing) throw new McpError('overloaded', `The ${this.#who} is closing; call another one.`);
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
  async close(drainMs: number): Promise<void> {
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
