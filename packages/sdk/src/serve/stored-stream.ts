import { onAbort, type SignalSource } from '../core/cancellation.ts';
import type { ErrorMessage } from '../core/reply.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodeEvent } from '../wire/sse.ts';
import type { StreamSink } from './http-message.ts';
import { relay } from './relay.ts';

/** Whom a stream tells of itself. */
export interface StreamKeeper {
  /** What is kept has grown or, if negative, shrunk. */
  grown(by: number): void;
  /** Nothing follows. */
  ended(): void;
}

/** A connection that events are written to. */
export interface StreamConnection {
  readonly write: StreamSink['write'];
  /** How many events it has already. */
  readonly after: number;
  /** Aborts when it is gone. */
  readonly source: SignalSource;
}

/** A stream of events that goes on without a connection; it is written to one connection at a time. */
export class StoredStream {
  readonly id: string;
  readonly #maxSize: number;
  readonly #keeper: StreamKeeper;
  readonly #events: string[] = [];
  /** How many events are not kept any more. */
  #dropped = 0;
  #size = 0;
  #isOver = false;
  /** The connection, and how many events it has. */
  #connection: { written: number } | undefined;
  /** Resolves when something has happened; there only while somebody waits. */
  #change: Promise<void> | undefined;
  #changed = (): void => undefined;

  constructor(id: string, maxSize: number, keeper: StreamKeeper) {
    this.id = id;
    this.#maxSize = maxSize;
    this.#keeper = keeper;
  }

  /** Length of what is kept. Unit: characters. */
  get size(): number {
    return this.#size;
  }

  /** Whether somebody reads it now. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether all that follows the first `after` events is kept. */
  has(after: number): boolean {
    return after >= this.#dropped && after <= this.#end;
  }

  /** Name of a place, for `Last-Event-ID`. @param after - how many events come before it */
  eventId(after: number): string {
    return `${this.id}-${after}`;
  }

  /** Lets go of what no connection waits for: one that comes back finds a gap. @returns how much that was */
  discard(): number {
    const count = (this.#connection?.written ?? this.#end) - this.#dropped;
    const gone = this.#events.splice(0, Math.max(count, 0));
    const size = gone.reduce((sum, { length }) => sum + length, 0);
    this.#dropped += gone.length;
    this.#size -= size;
    return size;
  }

  /** Takes messages until their end. A connection that is slow slows them down; without one they do not wait. */
  fill<M>(messages: AsyncIterable<M>, encode: (message: M | ErrorMessage) => WireJson | undefined): Promise<void> {
    return relay(messages, (message) => {
      const json = encode(message);
      if (json === undefined) return undefined;
      this.#append(encodeEvent(json, this.eventId(this.#end + 1)));
      return this.#caughtUp();
    }).then(() => {
      this.#isOver = true;
      this.#keeper.ended();
      this.#wake();
    });
  }

  /**
   * Writes what follows, until the end, until the connection is gone, or until another one takes over; nothing if what
   * follows is not kept any more.
   */
  async writeTo({ write, after, source }: StreamConnection): Promise<void> {
    if (!this.has(after)) return;
    const connection = { written: after };
    this.#connection = connection;
    const leave = (): void => {
      if (this.#connection === connection) this.#connection = undefined;
      this.#wake();
    };
    const stop = onAbort(source, leave);
    this.#wake();
    while (this.#connection === connection) {
      const event = this.#events[connection.written - this.#dropped];
      if (event !== undefined) {
        await write(event);
        connection.written++;
        if (connection.written === this.#end) this.#wake();
      } else if (this.#isOver) break;
      else await this.#happens();
    }
    stop();
    leave();
  }

  get #end(): number {
    return this.#dropped + this.#events.length;
  }

  #append(event: string): void {
    this.#events.push(event);
    let grown = event.length;
    while (this.#size + grown > this.#maxSize && this.#events.length > 1 && !this.#isAwaited(this.#dropped)) {
      grown -= this.#events.shift()?.length ?? 0;
      this.#dropped++;
    }
    this.#size += grown;
    this.#keeper.grown(grown);
    this.#wake();
  }

  /** Whether a connection is still to get the event at that place. */
  #isAwaited(place: number): boolean {
    return this.#connection !== undefined && this.#connection.written <= place;
  }

  async #caughtUp(): Promise<void> {
    while (this.#connection && this.#connection.written < this.#end) await this.#happens();
  }

  #happens(): Promise<void> {
    return (this.#change ??= new Promise((resolve) => (this.#changed = resolve)));
  }

  #wake(): void {
    this.#change = undefined;
    this.#changed();
  }
}
