import { LIST_MEMBERS, type Clock, type ListMethod } from '@org/mcp-sdk';
import type { Entry, UpstreamList } from './entry.ts';
import { equalBytes } from './equal-bytes.ts';
import { Spacing } from './spacing.ts';

/** The list methods, in the order in which an upstream is read. */
export const LIST_METHODS = Object.keys(LIST_MEMBERS) as ListMethod[];

/** What {@link UpstreamLists} needs of the rest. */
export interface UpstreamListsOptions {
  readonly clock: Clock;
  /** Reads a list of an upstream; rejects when that takes too long. */
  readonly read: (upstream: string, method: ListMethod) => Promise<UpstreamList>;
  /** Whether the upstream tells of changes to that list: what was read stays true until it does. */
  readonly isWatched: (upstream: string, method: ListMethod) => boolean;
  /** Told of a list whose entries are not those that were read before. */
  readonly onRead: (upstream: string, method: ListMethod, list: UpstreamList) => void;
}

/** What was read of a list. */
export interface Snapshot {
  readonly list: UpstreamList;
  /** By the clock. Unit: ms. */
  readonly readAt: number;
}

/** What each upstream listed last. A list is read once for all who want it at the same time. */
export class UpstreamLists {
  readonly #options: UpstreamListsOptions;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #failures = new Map<string, string>();
  readonly #reading = new Map<string, Promise<void>>();
  /** Reads that begin when the one under way has ended. */
  readonly #changed = new Map<string, Promise<void>>();
  readonly #spacing: Spacing;
  /** By list; those that nothing happened to have none. */
  readonly #versions = new Map<ListMethod, number>();

  constructor(options: UpstreamListsOptions) {
    this.#options = options;
    this.#spacing = new Spacing(options.clock);
  }

  /** Another number whenever something of a list may be less fresh than before, or is there that was not. */
  version(method: ListMethod): number {
    return this.#versions.get(method) ?? 0;
  }

  /** Unit: ms, by the clock. */
  get now(): number {
    return this.#options.clock.now();
  }

  /** What was read last; undefined before that. */
  snapshot(upstream: string, method: ListMethod): Snapshot | undefined {
    return this.#snapshots.get(keyOf(upstream, method));
  }

  /** Why it could not be read when that was tried last. */
  failure(upstream: string, method: ListMethod): string | undefined {
    return this.#failures.get(keyOf(upstream, method));
  }

  isWatched(upstream: string, method: ListMethod): boolean {
    return this.#options.isWatched(upstream, method);
  }

  /** Whether an upstream tells of changes is not as it was. */
  watchChanged(): void {
    for (const method of LIST_METHODS) this.#touch(method);
  }

  /** Reads a list of an upstream again; joins a read that is under way. Never rejects. */
  refresh(upstream: string, method: ListMethod): Promise<void> {
    const key = keyOf(upstream, method);
    const running = this.#reading.get(key);
    if (running) return running;
    const reading = this.#read(upstream, method).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  /**
   * Reads a list that its upstream says has changed: a read under way may have missed it, so it does not count. Not
   * again at once when it was just read for that reason. Never resolves if this is closed before.
   */
  changed(upstream: string, method: ListMethod): Promise<void> {
    const key = keyOf(upstream, method);
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

  async #reread(upstream: string, method: ListMethod): Promise<void> {
    const before = this.snapshot(upstream, method)?.list.entries;
    await this.refresh(upstream, method);
    const after = this.snapshot(upstream, method)?.list.entries;
    this.#spacing.ended(keyOf(upstream, method), !isSame(before, after));
  }

  async #read(upstream: string, method: ListMethod): Promise<void> {
    const key = keyOf(upstream, method);
    try {
      const list = await this.#options.read(upstream, method);
      const before = this.#snapshots.get(key)?.list.entries;
      this.#failures.delete(key);
      this.#snapshots.set(key, { list, readAt: this.now });
      if (!isSame(before, list.entries)) this.#options.onRead(upstream, method, list);
    } catch (thrown) {
      this.#failures.set(key, thrown instanceof Error ? thrown.message : String(thrown));
    }
    this.#touch(method);
  }

  #touch(method: ListMethod): void {
    this.#versions.set(method, this.version(method) + 1);
  }
}

const keyOf = (upstream: string, method: ListMethod): string => `${method} ${upstream}`;

function isSame(before: readonly Entry[] | undefined, after: readonly Entry[] | undefined): boolean {
  if (!before || !after) return before === after;
  return before.length === after.length && before.every(({ json }, index) => equalBytes(json, after[index]!.json));
}
