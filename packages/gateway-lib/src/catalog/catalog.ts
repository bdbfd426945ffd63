import { LIST_MEMBERS, McpError, type Clock, type ListMethod } from '@org/mcp-sdk';
import type { Entry, UpstreamList } from './entry.ts';
import { EMPTY_MERGED, mergeLists, type MergedList, type Origin } from './merged-list.ts';
import type { NameTable } from './names.ts';
import { Spacing } from './spacing.ts';
import { indexTemplates, type TemplateIndex } from './templates.ts';

/** The list methods, in the order in which an upstream is read. */
export const LIST_METHODS = Object.keys(LIST_MEMBERS) as ListMethod[];

/** An upstream whose current list is not in an answer. */
export interface Missing {
  readonly upstream: string;
  readonly reason: string;
  /** Age of the list that stands in for it. Unit: ms; absent when there is none. */
  readonly staleMs?: number;
}

/** A list over all upstreams, and who is missing in it. */
export interface CatalogView {
  readonly list: MergedList;
  readonly missing: readonly Missing[];
}

/** What the catalog needs of the rest. */
export interface CatalogOptions {
  /** In the order in which they are listed. */
  readonly upstreams: readonly string[];
  readonly names: NameTable;
  readonly clock: Clock;
  /** Reads a list of an upstream; rejects when that takes too long. */
  readonly read: (upstream: string, method: ListMethod) => Promise<UpstreamList>;
  /** Whether the upstream tells of changes to that list: what was read stays true until it does. */
  readonly isWatched: (upstream: string, method: ListMethod) => boolean;
  /** Told after a merged list became another. */
  readonly onChange: (method: ListMethod) => void;
}

interface Snapshot {
  readonly list: UpstreamList;
  readonly readAt: number;
}

/**
 * The merged view of what all upstreams offer. An upstream that is slow or dead contributes what it had last; calls are
 * routed by a look-up in what was read before.
 */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #snapshots = new Map<ListMethod, Map<string, Snapshot>>();
  readonly #failures = new Map<string, string>();
  readonly #reading = new Map<string, Promise<void>>();
  /** Reads that begin when the one under way has ended. */
  readonly #changed = new Map<string, Promise<void>>();
  readonly #spacing: Spacing;
  readonly #merged = new Map<ListMethod, MergedList>();
  #templates: TemplateIndex = indexTemplates(new Map());

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#spacing = new Spacing(options.clock);
    for (const method of LIST_METHODS) this.#snapshots.set(method, new Map());
  }

  /** Where the holder of a public name or URI is, as far as lists were read. */
  find(method: ListMethod, key: string): Origin | undefined {
    return this.#merged.get(method)?.origins.get(key);
  }

  /** Where a URI belongs that no list names. */
  findByTemplate(uri: string): Origin | undefined {
    return this.#templates.find(uri);
  }

  /** How many entries an upstream contributes; undefined before its list was read. */
  count(method: ListMethod, upstream: string): number | undefined {
    return this.#snapshots.get(method)?.get(upstream)?.list.entries.length;
  }

  /** Upstreams of which nothing is known for a list. */
  unread(method: ListMethod): string[] {
    return this.#options.upstreams.filter((upstream) => !this.#snapshot(method, upstream));
  }

  /**
   * The merged list, with what is stale read again: all upstreams at once, each within its own time.
   * @throws McpError `unavailable` if no upstream answers: what they had last is not passed off as what there is
   */
  async view(method: ListMethod): Promise<CatalogView> {
    const stale = this.#options.upstreams.filter((upstream) => !this.#isFresh(upstream, method));
    await Promise.all(stale.map((upstream) => this.refresh(upstream, method)));
    const missing = this.#options.upstreams.flatMap((upstream) => this.#missing(upstream, method));
    if (missing.length > 0 && missing.length === this.#options.upstreams.length) throw allDown(missing);
    return { list: this.#merged.get(method) ?? EMPTY_MERGED, missing };
  }

  /** Reads a list of an upstream again; joins a read that is under way. Never rejects. */
  refresh(upstream: string, method: ListMethod): Promise<void> {
    const key = `${method} ${upstream}`;
    const running = this.#reading.get(key);
    if (running) return running;
    const reading = this.#read(upstream, method).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  /**
   * Reads a list that its upstream says has changed: a read under way may have missed it, so it does not count. Not
   * again at once when it was just read for that reason. Never resolves if the catalog is closed before.
   */
  changed(upstream: string, method: ListMethod): Promise<void> {
    const key = `${method} ${upstream}`;
    const waiting = this.#changed.get(key);
    if (waiting) return waiting;
    let begin = (): void => undefined;
    const next = new Promise<void>((resolve) => {
      begin = () => {
        this.#changed.delete(key);
        resolve(this.#reread(upstream, method));
      };
    });
    this.#changed.set(key, next);
    const space = (): void => {
      this.#spacing.when(key, begin);
    };
    const running = this.#reading.get(key);
    if (running) void running.then(space);
    else space();
    return next;
  }

  /** Reads nothing more because of notifications. */
  close(): void {
    this.#spacing.close();
  }

  /** Reads all lists of an upstream again. */
  async refreshAll(upstream: string): Promise<void> {
    await Promise.all(LIST_METHODS.map((method) => this.refresh(upstream, method)));
  }

  async #reread(upstream: string, method: ListMethod): Promise<void> {
    const before = this.#snapshot(method, upstream)?.list.entries;
    await this.refresh(upstream, method);
    const after = this.#snapshot(method, upstream)?.list.entries;
    this.#spacing.ended(`${method} ${upstream}`, !isSame(before, after));
  }

  async #read(upstream: string, method: ListMethod): Promise<void> {
    const failure = `${method} ${upstream}`;
    try {
      const list = await this.#options.read(upstream, method);
      this.#failures.delete(failure);
      this.#snapshots.get(method)?.set(upstream, { list, readAt: this.#options.clock.now() });
      this.#merge(method);
    } catch (thrown) {
      this.#failures.set(failure, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #merge(method: ListMethod): void {
    const lists = new Map<string, UpstreamList>();
    for (const upstream of this.#options.upstreams) {
      const snapshot = this.#snapshot(method, upstream);
      if (snapshot) lists.set(upstream, snapshot.list);
    }
    const before = this.#merged.get(method);
    const merged = mergeLists(method, lists, this.#options.names);
    this.#merged.set(method, merged);
    if (method === 'resources/templates/list') this.#templates = indexTemplates(merged.origins);
    if (before?.json !== merged.json) this.#options.onChange(method);
  }

  #snapshot(method: ListMethod, upstream: string): Snapshot | undefined {
    return this.#snapshots.get(method)?.get(upstream);
  }

  #isFresh(upstream: string, method: ListMethod): boolean {
    const snapshot = this.#snapshot(method, upstream);
    if (!snapshot || this.#failures.has(`${method} ${upstream}`)) return false;
    if (this.#options.isWatched(upstream, method)) return true;
    return this.#options.clock.now() - snapshot.readAt < snapshot.list.ttlMs;
  }

  #missing(upstream: string, method: ListMethod): Missing[] {
    const reason = this.#failures.get(`${method} ${upstream}`);
    if (reason === undefined) return [];
    const snapshot = this.#snapshot(method, upstream);
    const age = snapshot && Math.round(this.#options.clock.now() - snapshot.readAt);
    return [{ upstream, reason, ...(age === undefined ? {} : { staleMs: age }) }];
  }
}

function isSame(before: readonly Entry[] | undefined, after: readonly Entry[] | undefined): boolean {
  if (!before || !after) return before === after;
  return before.length === after.length && before.every(({ json }, index) => isEqual(json, after[index]!.json));
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);

function allDown(missing: readonly Missing[]): McpError {
  const reasons = missing.map(({ upstream, reason }) => `${upstream}: ${reason}`).join('; ');
  return new McpError('unavailable', `No upstream answers. ${reasons}`, { data: { missing: [...missing] } });
}
