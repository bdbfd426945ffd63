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
  /** How many events the connection has been written; undefined before there was one. */
  #written: number | undefined;
  #connections = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(id: string, maxSize: number, keeper: StreamKeeper) {
    this.id = id;
    this.#maxSize = maxSize;
    this.#keeper = keeper;
  }

  /** Length of what is kept. Unit: characters. */
  get size(): number {
    return this.#size;
  }

  /** Changes when another connection takes over. */
  get connection(): number {
    return this.#connections;
  }

  /** Whether all that follows the first `after` events is kept. */
  has(after: number): boolean {
    return after >= this.#dropped && after <= this.#end;
  }

  /** Name of a place, for `Last-Event-ID`. @param after - how many events come before it */
  eventId(after: number): string {
    return `${this.id}-${after}`;
  }

  /** Takes messages until their end. A connection that is slow slows them down; without one they do not wait. */
  async fill<M>(
    messages: AsyncIterable<M>,
    encode: (message: M | ErrorMessage) => WireJson | undefined,
  ): Promise<void> {
    await relay(messages, (message) => {
      const json = encode(message);
      if (json === undefined) return undefined;
      this.#append(encodeEvent(json, this.eventId(this.#end + 1)));
      return this.#caughtUp();
    });
    this.#isOver = true;
    this.#keeper.ended();
    this.#wake();
  }

  /** Writes what follows the first `after` events, until the end or until another connection takes over. */
  async write(write: StreamSink['write'], after: number): Promise<void> {
    const connection = ++this.#connections;
    this.#written = after;
    this.#wake();
    while (connection === this.#connections) {
      const event = this.#events[this.#written - this.#dropped];
      if (event !== undefined) {
        await write(event);
        if (connection !== this.#connections) return;
        this.#written++;
        if (this.#written === this.#end) this.#wake();
      } else if (this.#isOver) return;
      else await this.#change();
    }
  }

  get #end(): number {
    return this.#dropped + this.#events.length;
  }

  #append(event: string): void {
    this.#events.push(event);
    let grown = event.length;
    while (this.#size + grown > this.#maxSize && this.#events.length > 1) {
      grown -= this.#events.shift()?.length ?? 0;
      this.#dropped++;
    }
    this.#size += grown;
    this.#keeper.grown(grown);
    this.#wake();
  }

  async #caughtUp(): Promise<void> {
    while (this.#written !== undefined && this.#written < this.#end) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
