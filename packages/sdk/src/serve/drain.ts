import { Cancellation } from '../core/cancellation.ts';
import { EdgeCall, type Call, type InnerCall } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Handler, Middleware } from '../core/handler.ts';
import { LinkedList, type ListItem } from '../core/linked-list.ts';
import type { Reply } from '../core/reply.ts';

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
  readonly middleware: Middleware = (next) => (call) => {
    if (this.#closed)
      return Promise.reject(new McpError('overloaded', `The ${this.#who} is closing; call another one.`));
    const running = this.#running.add(new Cancellation(call));
    const finished = (): void => {
      this.#finished(running);
    };
    const replying = begin(next, new this.#Made(call, running.value));
    // The promise is given on as it is: one that waited for it would be one more on the way of each call.
    replying.then((reply) => {
      if (reply.single) finished();
      else void reply.done.then(finished);
    }, finished);
    return replying;
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

/** A handler may be a function that throws. */
function begin(next: Handler, call: Call): Promise<Reply> {
  try {
    return next(call);
  } catch (thrown) {
    return Promise.reject(McpError.from(thrown));
  }
}
