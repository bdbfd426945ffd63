import type { Clock } from '../core/clock.ts';
import type { Middleware } from '../core/handler.ts';
import { isCacheable } from '../core/methods.ts';
import type { Call } from '../core/call.ts';
import { resultReply, type Reply, type Result } from '../core/reply.ts';
import { Payload } from '../core/payload.ts';

/** What a client keeps of what servers allow to be kept. */
export interface CacheOptions {
  /** Results that are kept at most; those kept longest make room. Range: from 1. @defaultValue 500 */
  maxEntries?: number;
}

/**
 * The results that a client keeps.
 *
 * @remarks It is no other client's, and a client has one authorization context: what is `private` may be kept too, and
 * nothing that is `public` leaves it.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching
 */
export class ResultCache {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  /** Counts what was forgotten: a result that was asked for before must not be kept after. */
  #generation = 0;
  readonly #entries = new Map<string, { readonly result: Result; readonly expires: number }>();

  constructor(clock: Clock, { maxEntries = 500 }: CacheOptions = {}) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  /** Answers from what is kept, and keeps what comes with a `ttlMs`. */
  readonly middleware: Middleware = (next) => async (call) => {
    // A retry carries answers of its own.
    if (!isCacheable(call.method) || call.round > 0) return next(call);
    const key = keyOf(call);
    const kept = this.#read(key);
    if (kept) return kept;
    const generation = this.#generation;
    const reply = await next(call);
    if (reply.single && reply.peek() === 'complete' && generation === this.#generation)
      this.#write(key, await reply.result());
    return reply;
  };

  /** Forgets the results of methods that begin so, e.g. `tools/`. */
  forget(prefix: string): void {
    this.#generation++;
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #read(key: string): Reply | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const remaining = entry.expires - this.#clock.now();
    if (remaining > 0) return resultReply(Payload.of({ ...entry.result, ttlMs: Math.floor(remaining) }));
    this.#entries.delete(key);
    return undefined;
  }

  #write(key: string, result: Result): void {
    const { ttlMs } = result;
    if (typeof ttlMs !== 'number' || !(ttlMs > 0)) return;
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, { result, expires: this.#clock.now() + ttlMs });
  }
}

function keyOf({ method, params }: Call): string {
  const { _meta, ...rest } = params.value;
  return `${method} ${JSON.stringify(rest)}`;
}
