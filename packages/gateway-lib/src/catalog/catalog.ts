import type { Clock, ListMethod, Telemetry } from '@org/mcp-sdk';
import { CatalogView, type UriConflicts, type ViewSelectors } from './catalog-view.ts';
import type { UpstreamList } from './entry.ts';
import { Freshness } from './freshness.ts';
import { publish } from './listed.ts';
import { isSame, type Listed } from './merged-list.ts';
import type { NameTable } from './names.ts';
import { createCurator, NO_OVERRIDES, type Curator, type UpstreamOverrides } from './overrides.ts';
import { LIST_METHODS, UpstreamLists } from './upstream-lists.ts';

/** What the catalog needs of the rest. */
export interface CatalogOptions {
  /** In the order in which they are configured. */
  readonly upstreams: readonly string[];
  readonly names: NameTable;
  readonly clock: Clock;
  /** Reads a list of an upstream; rejects when that takes too long. */
  readonly read: (upstream: string, method: ListMethod) => Promise<UpstreamList>;
  /** Whether the upstream tells of changes to that list: what was read stays true until it does. */
  readonly isWatched: (upstream: string, method: ListMethod) => boolean;
  /** Entries of one page of a list, at most. @defaultValue 1_000 */
  readonly pageSize?: number;
  /** @defaultValue `first` */
  readonly conflicts?: UriConflicts;
  /** What is changed of the lists of an upstream. @defaultValue nothing */
  readonly overrides?: ReadonlyMap<string, UpstreamOverrides>;
  /** Told of names that are taken, missing or double. @defaultValue nowhere */
  readonly telemetry?: Telemetry | undefined;
}

/** Who sees what of the catalog. */
export interface ViewOptions {
  /** @defaultValue all of the catalog */
  readonly upstreams?: readonly string[];
  /** @defaultValue all entries */
  readonly selectors?: ViewSelectors;
  /** Told after a list of the view became another. */
  readonly onChange: (method: ListMethod) => void;
}

/**
 * What all upstreams offer, under public names. An upstream that is slow or dead contributes what it had last; calls are
 * routed by a look-up in what was read before. What callers see of it is a {@link CatalogView}.
 */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #lists: UpstreamLists;
  readonly #listed = new Map<ListMethod, Map<string, readonly Listed[]>>();
  readonly #curators = new Map<string, Readonly<Record<ListMethod, Curator>>>();
  readonly #views = new Set<CatalogView>();
  /** What was told last of a list, so that it is told once. */
  readonly #told = new Map<string, string>();

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#lists = new UpstreamLists({
      clock: options.clock,
      read: options.read,
      isWatched: options.isWatched,
      onRead: (upstream, method, list) => {
        this.#publish(upstream, method, list);
      },
    });
    for (const method of LIST_METHODS) this.#listed.set(method, new Map());
    for (const upstream of options.upstreams)
      this.#curators.set(upstream, curatorsOf(options.overrides?.get(upstream) ?? NO_OVERRIDES));
  }

  /** Makes a view of what is there and will be. */
  createView({ upstreams, selectors, onChange }: ViewOptions): CatalogView {
    const all = this.#options.upstreams;
    const own = upstreams ? all.filter((upstream) => upstreams.includes(upstream)) : all;
    const view = new CatalogView({
      upstreams: own,
      pageSize: this.#options.pageSize ?? 1_000,
      conflicts: this.#options.conflicts ?? 'first',
      freshness: new Freshness(own, this.#lists),
      selectorOf: (upstream) => this.#curator(upstream, 'resources/list').selector,
      onChange,
      ...(selectors ? { selectors } : {}),
    });
    for (const [method, listed] of this.#listed)
      for (const entries of listed.values()) view.replace(method, [], entries);
    this.#views.add(view);
    return view;
  }

  /** Takes a view away: nothing changes in it any more. */
  removeView(view: CatalogView): void {
    this.#views.delete(view);
  }

  /** How many entries an upstream contributes; undefined before its list was read. */
  count(method: ListMethod, upstream: string): number | undefined {
    return this.#listed.get(method)?.get(upstream)?.length;
  }

  /** Reads a list of an upstream again; joins a read that is under way. Never rejects. */
  refresh(upstream: string, method: ListMethod): Promise<void> {
    return this.#lists.refresh(upstream, method);
  }

  /** Reads all lists of an upstream again. */
  async refreshAll(upstream: string): Promise<void> {
    await Promise.all(LIST_METHODS.map((method) => this.refresh(upstream, method)));
  }

  /** Reads the list that its upstream says has changed, and no other. See {@link UpstreamLists.changed}. */
  changed(upstream: string, method: ListMethod): Promise<void> {
    return this.#lists.changed(upstream, method);
  }

  /** Whether an upstream tells of changes is not as it was. */
  watchChanged(): void {
    this.#lists.watchChanged();
  }

  /** Reads nothing more because of notifications. */
  close(): void {
    this.#lists.close();
  }

  #publish(upstream: string, method: ListMethod, list: UpstreamList): void {
    const { names, conflicts } = this.#options;
    const entries = this.#curator(upstream, method).curate(list.entries);
    const { listed, unnamed } = publish(method, upstream, { entries, names, marksUris: conflicts === 'namespaced' });
    const { current, gone, come } = difference(this.#listed.get(method)?.get(upstream) ?? [], listed);
    this.#listed.get(method)?.set(upstream, current);
    for (const view of this.#views) view.replace(method, gone, come);
    this.#tell('catalog.conflict', { upstream, method }, [...unnamed, ...this.#contested(method, listed)]);
    this.#tell('catalog.unmatched', { upstream, method }, this.#unmatched(upstream, method));
  }

  /** Keys that another upstream has too. */
  #contested(method: ListMethod, listed: readonly Listed[]): readonly string[] {
    const [widest] = this.#views;
    return widest?.contested(method, listed) ?? [];
  }

  /** Resources and templates are spoken of together: what neither has is missing. */
  #unmatched(upstream: string, method: ListMethod): readonly string[] {
    const entries = this.#lists.snapshot(upstream, method)?.list.entries ?? [];
    const unmatched = this.#curator(upstream, method).unmatched(entries);
    const other = OTHER_URIS[method];
    const others = other && this.#lists.snapshot(upstream, other);
    if (!other) return unmatched;
    return others ? this.#curator(upstream, other).unmatched([...entries, ...others.list.entries]) : [];
  }

  #tell(name: string, where: { upstream: string; method: ListMethod }, names: readonly string[]): void {
    const key = `${name} ${where.method} ${where.upstream}`;
    const told = JSON.stringify(names);
    if ((this.#told.get(key) ?? '[]') === told) return;
    this.#told.set(key, told);
    if (names.length === 0) return;
    const fields = { ...where, names: names.slice(0, TOLD_NAMES), count: names.length };
    this.#options.telemetry?.record({ name, severity: 'warn', fields });
  }

  #curator(upstream: string, method: ListMethod): Curator {
    return (this.#curators.get(upstream) ?? NO_CURATORS)[method];
  }
}

/** What became of the entries of an upstream; those that stay are the same objects. */
function difference(
  before: readonly Listed[],
  after: readonly Listed[],
): { readonly current: readonly Listed[]; readonly gone: readonly Listed[]; readonly come: readonly Listed[] } {
  const known = new Map(before.map((listed) => [listed.key, listed]));
  const current = after.map((listed) => {
    const old = known.get(listed.key);
    return old && isSame(old, listed) ? old : listed;
  });
  const [had, has] = [new Set(before), new Set(current)];
  return {
    current,
    gone: before.filter((listed) => !has.has(listed)),
    come: current.filter((listed) => !had.has(listed)),
  };
}

/** Names in one fact, at most. */
const TOLD_NAMES = 20;

const OTHER_URIS: Partial<Record<ListMethod, ListMethod>> = {
  'resources/list': 'resources/templates/list',
  'resources/templates/list': 'resources/list',
};

const curatorsOf = (overrides: UpstreamOverrides): Readonly<Record<ListMethod, Curator>> => ({
  'tools/list': createCurator(overrides, 'tools/list'),
  'prompts/list': createCurator(overrides, 'prompts/list'),
  'resources/list': createCurator(overrides, 'resources/list'),
  'resources/templates/list': createCurator(overrides, 'resources/templates/list'),
});

const NO_CURATORS = curatorsOf(NO_OVERRIDES);
