import { Cancellation } from '../core/cancellation.ts';
import { EdgeCall, type InnerCall } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Middleware } from '../core/handler.ts';
import { LinkedList, type ListItem } from '../core/linked-list.ts';

/** Counts running calls, lets them finish, and aborts those that take too long. */
export class Drain {
  readonly #who: string;
  readonly #clock: Clock;
  readonly #Made: typeof InnerCall;
  readonly #running = new LinkedList<Cancellation>();
  #closed: Promise<void> | undefined;
  #onIdle = (): void => undefined;

  /**
   * @param who - for the message to callers, e.g. `gateway`
   * @param Made - what calls are made to
   */
  constructor(who: string, clock: Clock, Made: typeof InnerCall = EdgeCall) {
    this.#who = who;
    this.#Made = Made;
    this.#clock = clock;
  }

  /** Counts calls to the end of their reply, and refuses new ones once closing. */
  readonly middleware: Middleware = (next) => async (call) => {
    if (this.#closed) throw new McpError('overloaded', `The ${this.#who} is closing; call another one.`);
    const running = this.#running.add(new Cancellation(call));
    try {
      const reply = await next(new this.#Made(call, running.value));
      if (reply.single) this.#finished(running);
      else
        void reply.done.then(() => {
          this.#finished(running);
        });
      return reply;
    } catch (thrown) {
      this.#finished(running);
      throw thrown;
    }
  };

  /**
   * Refuses new calls and resolves when none is running. What still runs after `drainMs` is aborted, and not waited for.
   * A second call waits for the first.
   */
  close(drainMs: number): Promise<void> {
    return (this.#closed ??= this.#close(drainMs));
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(drainMs, resolve);
      this.#onIdle = () => {
        cancel();
        resolve();
      };
    });
    const reason = new McpError('unavailable', `The ${this.#who} is closing.`);
    for (const running of this.#running.values()) running.abort(reason);
  }

  #finished(running: ListItem<Cancellation>): void {
    running.value.end();
    running.remove();
    if (this.#running.size === 0) this.#onIdle();
  }
}
