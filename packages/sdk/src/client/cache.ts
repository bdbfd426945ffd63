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

interface Kept {
  /** As JSON: whoever gets the result may change it. */
  readonly json: string;
  readonly expires: number;
  readonly isPublic: boolean;
  /** The authorization context that it was got in. */
  readonly context: string | undefined;
}

/**
 * The results that a client keeps.
 *
 * @remarks It is no other client's, so that what is `private` may be kept too, for the authorization context that it was
 * got in.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching
 */
export class ResultCache {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #context: () => Promise<string> | undefined;
  /** Counts what was forgotten: a result that was asked for before must not be kept after. */
  #generation = 0;
  readonly #entries = new Map<string, Kept>();

  /** @param context - tells one authorization context from another @defaultValue there is one */
  constructor(
    clock: Clock,
    { maxEntries = 500 }: CacheOptions = {},
    context: () => Promise<string> | undefined = () => undefined,
  ) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
    this.#context = context;
  }

  /** Answers from what is kept, and keeps what comes with a `ttlMs`. */
  readonly middleware: Middleware = (next) => async (call) => {
    // A retry carries answers of its own.
    if (!isCacheable(call.method) || call.round > 0) return next(call);
    const key = keyOf(call);
    const generation = this.#generation;
    const context = await this.#context();
    const kept = this.#read(key, context);
    if (kept) return kept;
    const reply = await next(call);
    if (reply.single && reply.peek() === 'complete' && generation === this.#generation) {
      const since = await this.#context();
      // Credentials may have been got for this very call; those that changed meanwhile may be somebody else's.
      if (context === undefined || context === since) this.#write(key, await reply.result(), since);
    }
    return reply;
  };

  /** Forgets the results of methods that begin so, e.g. `tools/`. */
  forget(prefix: string): void {
    this.#generation++;
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #read(key: string, context: string | undefined): Reply | undefined {
    const entry = this.#entries.get(key);
    if (!entry || (!entry.isPublic && entry.context !== context)) return undefined;
    const remaining = entry.expires - this.#clock.now();
    if (remaining > 0)
      return resultReply(Payload.of<Result>({ ...(JSON.parse(entry.json) as Result), ttlMs: Math.floor(remaining) }));
    this.#entries.delete(key);
    return undefined;
  }

  #write(key: string, result: Result, context: string | undefined): void {
    const { ttlMs, cacheScope } = result;
    if (typeof ttlMs !== 'number' || !(ttlMs > 0)) return;
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, {
      json: JSON.stringify(result),
      expires: this.#clock.now() + ttlMs,
      isPublic: cacheScope === 'public',
      context,
    });
  }
}

function keyOf({ method, params }: Call): string {
  const { _meta, ...rest } = params.value;
  return `${method} ${JSON.stringify(rest)}`;
}
