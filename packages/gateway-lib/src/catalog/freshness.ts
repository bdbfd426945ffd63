import { McpError, type ListMethod } from '@org/mcp-sdk';
import type { UpstreamLists } from './upstream-lists.ts';

/** An upstream whose current list is not in an answer. */
export interface Missing {
  readonly upstream: string;
  readonly reason: string;
  /** Age of the list that stands in for it. Unit: ms; absent when there is none. */
  readonly staleMs?: number;
}

/** What is known of a list over several upstreams. */
export interface ListHints {
  /** How long callers may take it as true: as long as its part that is stale first. Unit: ms. */
  readonly ttlMs: number;
  /** Whether all its parts are. */
  readonly isPublic: boolean;
  readonly missing: readonly Missing[];
}

/** What holds until something is read or becomes stale. */
interface Known {
  readonly version: number;
  /** When the first part is stale that nobody tells of, by the clock. Unit: ms. */
  readonly until: number;
  /** The shortest time that an upstream gives for what it tells of. Unit: ms. */
  readonly watchedTtlMs: number;
  readonly isPublic: boolean;
}

/** Keeps the lists of several upstreams fresh, for who asks for them merged. */
export class Freshness {
  readonly #upstreams: readonly string[];
  readonly #lists: UpstreamLists;
  readonly #known = new Map<ListMethod, Known>();

  constructor(upstreams: readonly string[], lists: UpstreamLists) {
    this.#upstreams = upstreams;
    this.#lists = lists;
  }

  /**
   * Reads again what is stale, all upstreams at once. What is fresh costs nothing.
   * @throws McpError `unavailable` if no upstream answers
   */
  async ensure(method: ListMethod): Promise<ListHints> {
    const warm = this.#warm(method);
    if (warm) return hintsOf(warm, this.#lists.now);
    const stale = this.#upstreams.filter((upstream) => !this.#isFresh(upstream, method));
    await Promise.all(stale.map((upstream) => this.#lists.refresh(upstream, method)));
    const missing = this.#upstreams.flatMap((upstream) => this.#missing(upstream, method));
    if (missing.length === 0) return hintsOf(this.#learn(method), this.#lists.now);
    if (missing.length === this.#upstreams.length) throw allDown(missing);
    // A partial list is nobody's to keep.
    return { ttlMs: 0, isPublic: false, missing };
  }

  /** Upstreams of which nothing is known for a list. */
  unread(method: ListMethod): string[] {
    return this.#upstreams.filter((upstream) => !this.#lists.snapshot(upstream, method));
  }

  /** Reads the list of those. Never rejects. */
  async readUnread(method: ListMethod): Promise<void> {
    await Promise.all(this.unread(method).map((upstream) => this.#lists.refresh(upstream, method)));
  }

  #warm(method: ListMethod): Known | undefined {
    const known = this.#known.get(method);
    return known?.version === this.#lists.version(method) && this.#lists.now < known.until ? known : undefined;
  }

  #learn(method: ListMethod): Known {
    let until = Infinity;
    let watchedTtlMs = Infinity;
    let isPublic = true;
    for (const upstream of this.#upstreams) {
      const snapshot = this.#lists.snapshot(upstream, method);
      if (!snapshot) continue;
      const { list, readAt } = snapshot;
      isPublic &&= list.isPublic;
      if (this.#lists.isWatched(upstream, method)) watchedTtlMs = Math.min(watchedTtlMs, list.ttlMs);
      else until = Math.min(until, readAt + list.ttlMs);
    }
    const known = { version: this.#lists.version(method), until, watchedTtlMs, isPublic };
    this.#known.set(method, known);
    return known;
  }

  #isFresh(upstream: string, method: ListMethod): boolean {
    const snapshot = this.#lists.snapshot(upstream, method);
    if (!snapshot || this.#lists.failure(upstream, method) !== undefined) return false;
    if (this.#lists.isWatched(upstream, method)) return true;
    return this.#lists.now - snapshot.readAt < snapshot.list.ttlMs;
  }

  #missing(upstream: string, method: ListMethod): Missing[] {
    const reason = this.#lists.failure(upstream, method);
    if (reason === undefined) return [];
    const snapshot = this.#lists.snapshot(upstream, method);
    const age = snapshot && Math.round(this.#lists.now - snapshot.readAt);
    return [{ upstream, reason, ...(age === undefined ? {} : { staleMs: age }) }];
  }
}

function hintsOf({ until, watchedTtlMs, isPublic }: Known, now: number): ListHints {
  const left = until - now;
  // In whole seconds, where it is that long: a page that ages is written once in a second at most.
  const aged = left < 1_000 ? left : Math.floor(left / 1_000) * 1_000;
  const ttlMs = watchedTtlMs < left ? watchedTtlMs : aged;
  return { ttlMs: Number.isFinite(ttlMs) ? Math.max(0, Math.floor(ttlMs)) : 0, isPublic, missing: [] };
}

function allDown(missing: readonly Missing[]): McpError {
  const reasons = missing.map(({ upstream, reason }) => `${upstream}: ${reason}`).join('; ');
  return new McpError('unavailable', `No upstream answers. ${reasons}`, { data: { missing: [...missing] } });
}
