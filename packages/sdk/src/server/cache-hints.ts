/** How long and for whom a result may be kept. @see https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching */
export interface CacheHints {
  /** How long it stays fresh. Unit: ms, from 0. @defaultValue 0: nothing is promised */
  ttlMs?: number;
  /** `public` if every caller gets the same. @defaultValue `private` */
  cacheScope?: 'public' | 'private';
}
