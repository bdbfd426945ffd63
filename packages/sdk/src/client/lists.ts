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

/** Makes a list of what reads a page. @throws McpError `unavailable` while reading if the server gives a cursor twice */
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
        seen.add(cursor);
      }
    },
    async toArray() {
      const all: T[] = [];
      for await (const entry of this) all.push(entry);
      return all;
    },
  };
}
