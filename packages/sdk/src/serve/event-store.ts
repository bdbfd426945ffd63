import type { Clock } from '../core/clock.ts';
import { StoredStream } from './stored-stream.ts';

/** What a stream carries: what the server tells unasked, or the reply of one call. */
export type StreamKind = 'listen' | 'call';

/** A place in a stream, as `Last-Event-ID` names it. */
export interface EventPlace {
  readonly kind: StreamKind;
  /** The stream; undefined if what follows the place is not kept any more. */
  readonly stream: StoredStream | undefined;
  /** How many events were received. */
  readonly after: number;
}

/** Limits on what is kept. Unit: characters, which take one or two bytes each. */
export interface StoreLimits {
  /** Of one stream; its last event is kept however long it is. */
  readonly stream: number;
  /** Of all streams: ended ones are forgotten to keep it. */
  readonly total: number;
}

const LIMITS: StoreLimits = { stream: 1024 * 1024, total: 16 * 1024 * 1024 };

/** What a stream counts besides its events. */
const STREAM_SIZE = 512;

/** How long an ended stream is kept. Unit: ms. Clients come back within seconds. */
const KEPT_MS = 60_000;

const EVENT_ID = /^((l|c)\d{1,15})-(\d{1,15})$/;
const LETTER = { listen: 'l', call: 'c' } as const satisfies Record<StreamKind, string>;

interface Kept {
  readonly stream: StoredStream;
  readonly owner: object;
  endedAt?: number;
}

/**
 * The events of all legacy streams of one endpoint, so that a client whose connection broke misses nothing.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class EventStore {
  readonly #clock: Clock;
  readonly #limits: StoreLimits;
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #idsOf = new WeakMap<object, Set<string>>();
  #size = 0;
  #next = 1;

  constructor(clock: Clock, limits: StoreLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Starts a stream. @param owner - the session: in another one the stream is not found */
  open(owner: object, kind: StreamKind): StoredStream {
    this.#forgetOld();
    const id = `${LETTER[kind]}${this.#next++}`;
    const stream = new StoredStream(id, this.#limits.stream, {
      grown: (by) => {
        if (this.#kept.has(id)) this.#grow(by);
      },
      ended: () => {
        const kept = this.#kept.get(id);
        if (kept) kept.endedAt = this.#clock.now();
      },
    });
    this.#kept.set(id, { stream, owner });
    this.#idsOf.set(owner, (this.#idsOf.get(owner) ?? new Set()).add(id));
    this.#grow(STREAM_SIZE);
    return stream;
  }

  /** Finds the place that a `Last-Event-ID` names; undefined if it is no id of such a store. */
  find(owner: object, eventId: string): EventPlace | undefined {
    const [, id = '', letter, count] = EVENT_ID.exec(eventId) ?? [];
    if (letter === undefined) return undefined;
    const kept = this.#kept.get(id);
    const after = Number(count);
    return {
      kind: letter === LETTER.listen ? 'listen' : 'call',
      stream: kept?.owner === owner && kept.stream.has(after) ? kept.stream : undefined,
      after,
    };
  }

  /** Forgets the streams of a session. */
  drop(owner: object): void {
    for (const id of this.#idsOf.get(owner) ?? []) this.#forget(id);
  }

  #grow(by: number): void {
    this.#size += by;
    for (const [id, { endedAt }] of this.#kept) {
      if (this.#size <= this.#limits.total) return;
      if (endedAt !== undefined) this.#forget(id);
    }
  }

  #forgetOld(): void {
    const before = this.#clock.now() - KEPT_MS;
    for (const [id, { endedAt }] of this.#kept) {
      if (endedAt !== undefined && endedAt > before) return;
      if (endedAt !== undefined) this.#forget(id);
    }
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    if (!kept) return;
    this.#kept.delete(id);
    this.#idsOf.get(kept.owner)?.delete(id);
    this.#size -= STREAM_SIZE + kept.stream.size;
  }
}
