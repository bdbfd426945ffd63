import type { Connection, ServerDescription } from '../connect/connection.ts';
import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Era } from '../core/protocol.ts';
import type { Reply } from '../core/reply.ts';
import type { ReconnectOptions } from './subscription.ts';

/** What a {@link LastingConnection} works with. */
export interface LastingOptions {
  readonly open: () => Promise<Connection>;
  /** False: what is lost stays lost. */
  readonly reconnect: Required<ReconnectOptions> | false;
  readonly clock: Clock;
}

/**
 * A connection that comes back: when its server is gone, the next call reaches it anew, or starts it again.
 *
 * @remarks Calls that ran when the server was lost fail: they may have run. While a server cannot be reached, calls fail
 * at once until the pause after the last attempt, which doubles, is over.
 */
export class LastingConnection implements Connection {
  readonly #options: LastingOptions;
  #current: Connection;
  #isLost = false;
  #isClosed = false;
  #opening: Promise<Connection> | undefined;
  #failure: { readonly error: unknown; readonly until: number; readonly delayMs: number } | undefined;

  constructor(first: Connection, options: LastingOptions) {
    this.#options = options;
    this.#current = first;
    this.#watch(first);
  }

  get closed(): Promise<unknown> {
    return this.#current.closed;
  }

  get era(): Era {
    return this.#current.era;
  }

  get version(): string {
    return this.#current.version;
  }

  get server(): ServerDescription {
    return this.#current.server;
  }

  readonly handler = async (call: Call): Promise<Reply> => (await this.#reach()).handler(call);

  async ping(signal: AbortSignal): Promise<void> {
    await (await this.#reach()).ping(signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening?.catch(() => undefined);
    await this.#current.close();
  }

  #watch(connection: Connection): void {
    void connection.closed.then(() => {
      if (connection === this.#current) this.#isLost = true;
    });
  }

  async #reach(): Promise<Connection> {
    if (!this.#isLost || this.#isClosed || this.#options.reconnect === false) return this.#current;
    if (this.#failure && this.#options.clock.now() < this.#failure.until) throw this.#failure.error;
    this.#opening ??= this.#reopen(this.#options.reconnect).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #reopen({ initialDelayMs, maxDelayMs }: Required<ReconnectOptions>): Promise<Connection> {
    try {
      this.#current = await this.#options.open();
    } catch (error) {
      const delayMs = this.#failure ? Math.min(this.#failure.delayMs * 2, maxDelayMs) : initialDelayMs;
      this.#failure = { error: McpError.from(error), until: this.#options.clock.now() + delayMs, delayMs };
      throw error;
    }
    this.#isLost = false;
    this.#failure = undefined;
    this.#watch(this.#current);
    return this.#current;
  }
}
