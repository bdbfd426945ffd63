import { McpError } from '../core/errors.ts';

/** A list that is read page by page: loop over it, or read it whole. */
export interface ListOf<T> extends AsyncIterable<T> {
  /** Reads all pages. */
  toArray(): Promise<T[]>;
}

interface LoadedPage<T> {
  readonly entries: readonly T[];
  readonly nextCursor: unknown;
}

/** A server that has more pages than this gives them for ever. */
const MAX_PAGES = 10_000;

/**
 * Makes a list of what reads a page.
 * @throws McpError `unavailable` while reading if the server gives a cursor twice, or more than 10,000 pages
 */
export function listAll<T>(load: (cursor: string | undefined) => Promise<LoadedPage<T>>): ListOf<T> {
  return {
    async *[Symbol.asyncIterator]() {
      const seen = new Set<string>();
      for (let cursor: string | undefined; ;) {
        const page = await load(cursor);
        yield* page.entries;
        if (typeof page.nextCursor !== 'string') return;
        cursor = page.nextCursor;
        if (seen.has(cursor))
          throw new McpError('unavailable', 'The list does not end: the server gave a cursor twice.');
        if (seen.add(cursor).size >= MAX_PAGES)
          throw new McpError('unavailable', `The list does not end: it has more than ${MAX_PAGES} pages.`);
      }
    },
    async toArray() {
      const all: T[] = [];
      for await (const entry of this) all.push(entry);
      return all;
    },
  };
}
