import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import { toBase64Url } from '../wire/base64.ts';
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
  /** Of all streams: ended ones are forgotten to keep it, then what was written of the others. */
  readonly total: number;
}

const LIMITS: StoreLimits = { stream: 1024 * 1024, total: 16 * 1024 * 1024 };

/**
 * What a stream that has ended counts besides its events: what one costs with its session and its timers, measured. An
 * open one serves a request or a session, of which there is a limit.
 */
const STREAM_SIZE = 8_192;

/** How long a stream is kept once it has ended or, one that only listens, has no reader. Unit: ms. Clients come back within seconds. */
export const KEPT_MS = 60_000;

const EVENT_ID = /^((l|c)\d{1,15}\.[\w-]{8})-(\d{1,15})$/;
const LETTER = { listen: 'l', call: 'c' } as const satisfies Record<StreamKind, string>;

/** What event ids are made with. */
export interface EventStoreTools {
  readonly clock: Clock;
  readonly random: Random;
}

interface Kept {
  readonly stream: StoredStream;
  readonly owner: object;
}

/**
 * The events of all legacy streams of one endpoint, so that a client whose connection broke misses nothing.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class EventStore {
  readonly #clock: Clock;
  readonly #limits: StoreLimits;
  /** Another replica's ids are not taken for own ones. */
  readonly #replica: string;
  readonly #kept = new Map<string, Kept>();
  /** When streams have ended, the first first. */
  readonly #ended = new Map<string, number>();
  readonly #idsOf = new WeakMap<object, Set<string>>();
  #size = 0;
  #next = 1;

  constructor({ clock, random }: EventStoreTools, limits: StoreLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.#replica = toBase64Url(random.bytes(6));
  }

  /** Starts a stream. @param owner - the session: in another one the stream is not found */
  open(owner: object, kind: StreamKind): StoredStream {
    const id = `${LETTER[kind]}${this.#next++}.${this.#replica}`;
    const stream = new StoredStream(id, this.#limits.stream, {
      grown: (by) => {
        if (this.#kept.has(id)) this.#grow(by);
      },
      ended: () => {
        // Nobody comes back for changes that are told no more.
        if (kind === 'listen') this.#forget(id);
        else if (this.#kept.has(id)) this.#keepEnded(id);
      },
    });
    this.#kept.set(id, { stream, owner });
    this.#idsOf.set(owner, (this.#idsOf.get(owner) ?? new Set()).add(id));
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
    for (const id of this.#ended.keys()) {
      if (this.#size <= this.#limits.total) return;
      this.#forget(id);
    }
    for (const { stream } of this.#kept.values()) {
      if (this.#size <= this.#limits.total) return;
      this.#size -= stream.discard();
    }
  }

  #keepEnded(id: string): void {
    this.#ended.set(id, this.#clock.now());
    this.#grow(STREAM_SIZE);
    if (this.#ended.size === 1) this.#forgetLater(KEPT_MS);
  }

  #forgetLater(ms: number): void {
    this.#clock.after(ms, () => {
      const before = this.#clock.now() - KEPT_MS;
      for (const [id, endedAt] of this.#ended) {
        if (endedAt > before) {
          this.#forgetLater(endedAt - before);
          return;
        }
        this.#forget(id);
      }
    });
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    if (!kept) return;
    this.#kept.delete(id);
    this.#idsOf.get(kept.owner)?.delete(id);
    this.#size -= kept.stream.size;
    if (this.#ended.delete(id)) this.#size -= STREAM_SIZE;
  }
}
