import type { ListMethod } from '@org/mcp-sdk';
import type { HeaderParam } from '@org/mcp-sdk/wire';
import { writeCursor } from './cursor.ts';
import { equalBytes } from './equal-bytes.ts';

/** Where an entry of a merged list comes from. */
export interface Origin {
  readonly upstream: string;
  /** Name or URI as the upstream knows it. */
  readonly target: string;
  /** Arguments of a tool that HTTP mirrors in headers. @defaultValue none */
  readonly headerParams?: readonly HeaderParam[];
}

/** An entry of an upstream under its public name or URI. */
export interface Listed {
  readonly key: string;
  readonly origin: Origin;
  /** The entry as JSON. */
  readonly json: Uint8Array;
}

/** A page of a merged list. */
export interface Page {
  /** The entries as JSON, comma-separated: the inside of the array. */
  readonly json: Uint8Array;
  readonly nextCursor: string | undefined;
}

/** How a list is merged and cut into pages. */
export interface MergedListOptions {
  readonly method: ListMethod;
  /** In the order in which they are configured: of two with the same URI the first is listed. */
  readonly upstreams: readonly string[];
  /** Entries of one page, at most. */
  readonly pageSize: number;
  /** Whether an entry that several upstreams have is left out. */
  readonly hidesConflicts: boolean;
}

/** A page ends when it is longer, though it may be longer by one entry. Unit: bytes. */
const MAX_PAGE_BYTES = 4_194_304;

/**
 * One list over several upstreams, in the order of the keys. What one of them changes costs by the length of its list.
 *
 * @remarks A place in the list is a key, not a number: whoever reads page by page misses nothing that stays and sees
 * nothing twice, whatever comes and goes meanwhile.
 */
export class MergedList {
  readonly #options: MergedListOptions;
  readonly #ranks: ReadonlyMap<string, number>;
  /** By key, the first upstream first. */
  readonly #holders = new Map<string, Listed[]>();
  #sorted: readonly string[] = [];
  /** Keys to sort in, and whether some of the sorted ones may be gone. */
  readonly #unsorted = new Set<string>();
  #isSorted = true;
  /** By the key they come after; only those that follow one another from the first. */
  readonly #pages = new Map<string, Page>();
  readonly #starts = new Set<string>();

  constructor(options: MergedListOptions) {
    this.#options = options;
    this.#ranks = new Map(options.upstreams.map((upstream, rank) => [upstream, rank]));
    this.#forgetPages();
  }

  /** Where the entry of a public name or URI is. */
  find(key: string): Origin | undefined {
    return this.#shown(key)?.origin;
  }

  /** Who all have it, the first upstream first. */
  holdersOf(key: string): readonly Listed[] {
    return this.#holders.get(key) ?? [];
  }

  /** All entries of all upstreams, also those that another one hides. */
  *all(): Iterable<Listed> {
    for (const holders of this.#holders.values()) yield* holders;
  }

  /**
   * Puts the entries of an upstream in the place of those that it had.
   * @returns whether anything of the list is different now
   */
  replace(before: readonly Listed[], after: readonly Listed[]): boolean {
    const was = new Map([...before, ...after].map(({ key }) => [key, this.#shown(key)]));
    for (const listed of before) this.#remove(listed);
    for (const listed of after) this.#insert(listed);
    const changed = [...was].filter(([key, listed]) => !isSame(listed, this.#shown(key)));
    for (const [key, listed] of changed) this.#noteKey(key, listed !== undefined);
    if (changed.length > 0) this.#forgetPages();
    return changed.length > 0;
  }

  #noteKey(key: string, wasShown: boolean): void {
    const isShown = this.#shown(key) !== undefined;
    if (isShown === wasShown) return;
    this.#isSorted = false;
    if (isShown) this.#unsorted.add(key);
  }

  /** The page that comes after a key; the first for an empty one. */
  page(after: string): Page {
    const known = this.#pages.get(after);
    if (known) return known;
    const page = this.#makePage(after);
    // Callers may make up places: what is kept is the list once.
    if (this.#starts.has(after)) this.#keep(after, page);
    return page.page;
  }

  #keep(after: string, { page, last }: MadePage): void {
    this.#pages.set(after, page);
    if (last !== undefined) this.#starts.add(last);
  }

  #makePage(after: string): MadePage {
    const keys = this.#keys();
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let at = placeAfter(keys, after);
    for (; at < keys.length && parts.length < this.#options.pageSize && bytes < MAX_PAGE_BYTES; at++) {
      const listed = this.#shown(keys[at] as string);
      if (!listed) continue;
      parts.push(listed.json);
      bytes += listed.json.length + 1;
    }
    const last = at < keys.length ? keys[at - 1] : undefined;
    const nextCursor = last === undefined ? undefined : writeCursor(this.#options.method, last);
    return { page: { json: joined(parts, bytes), nextCursor }, last };
  }

  #keys(): readonly string[] {
    if (this.#isSorted) return this.#sorted;
    const all = new Set([...this.#sorted, ...this.#unsorted]);
    // Two sorted runs and a little: the sort of the engine merges them.
    this.#sorted = [...all].filter((key) => this.#shown(key) !== undefined).sort();
    this.#unsorted.clear();
    this.#isSorted = true;
    return this.#sorted;
  }

  #shown(key: string): Listed | undefined {
    const holders = this.#holders.get(key);
    return holders && holders.length > 1 && this.#options.hidesConflicts ? undefined : holders?.[0];
  }

  #remove(listed: Listed): void {
    const left = this.holdersOf(listed.key).filter((holder) => holder !== listed);
    if (left.length === 0) this.#holders.delete(listed.key);
    else this.#holders.set(listed.key, left);
  }

  #insert(listed: Listed): void {
    const others = this.#holders.get(listed.key);
    if (!others) this.#holders.set(listed.key, [listed]);
    else
      this.#holders.set(
        listed.key,
        [...others, listed].sort((one, other) => this.#rank(one) - this.#rank(other)),
      );
  }

  #rank({ origin }: Listed): number {
    return this.#ranks.get(origin.upstream) ?? this.#ranks.size;
  }

  #forgetPages(): void {
    this.#pages.clear();
    this.#starts.clear();
    this.#starts.add('');
  }
}

interface MadePage {
  readonly page: Page;
  /** The last key, if others follow. */
  readonly last: string | undefined;
}

/** Whether callers see no difference between two entries. */
export function isSame(one: Listed | undefined, other: Listed | undefined): boolean {
  if (one === other || !one || !other) return one === other;
  return (
    one.origin.upstream === other.origin.upstream &&
    one.origin.target === other.origin.target &&
    equalBytes(one.json, other.json)
  );
}

function placeAfter(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const COMMA = 0x2c;

/** @param bytes - of all parts, each with its comma */
function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const json = new Uint8Array(Math.max(bytes - 1, 0));
  let at = 0;
  for (const part of parts) {
    if (at > 0) json[at++] = COMMA;
    json.set(part, at);
    at += part.length;
  }
  return json;
}
