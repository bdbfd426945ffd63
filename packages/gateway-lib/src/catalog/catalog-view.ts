import { McpError, type ListMethod } from '@org/mcp-sdk';
import { readCursor } from './cursor.ts';
import type { Freshness, ListHints } from './freshness.ts';
import { isApp } from './listed.ts';
import { MergedList, type Listed, type Origin, type Page } from './merged-list.ts';
import { markedUri, markOf } from './names.ts';
import type { Selector } from './selection.ts';
import { indexUris, type UriIndex } from './uri-index.ts';

/** The lists that hold what a URI may be. */
export const URI_LISTS: readonly ListMethod[] = ['resources/list', 'resources/templates/list'];

/** What decides between upstreams that have the same URI. */
export type UriConflicts = 'first' | 'namespaced' | 'error';

/** Which entries a view has, by public name or URI. */
export type ViewSelectors = Readonly<Record<ListMethod, Selector>>;

/** What a view is made with. */
export interface CatalogViewOptions {
  /** Whose entries it has, in the order in which they are configured. */
  readonly upstreams: readonly string[];
  /** @defaultValue all entries */
  readonly selectors?: ViewSelectors;
  readonly pageSize: number;
  readonly conflicts: UriConflicts;
  readonly freshness: Freshness;
  /** Which URIs of an upstream are offered at all. */
  readonly selectorOf: (upstream: string) => Selector;
  /** Told after a list became another. */
  readonly onChange: (method: ListMethod) => void;
}

/** A page of a list, and what is known of the list. */
export interface ListPage {
  readonly page: Page;
  readonly hints: ListHints;
}

/** The merged lists that some callers see. All they can do goes by what stands in it. */
export class CatalogView {
  readonly #options: CatalogViewOptions;
  readonly #lists: Readonly<Record<ListMethod, MergedList>>;
  /** Upstreams by the mark of their URIs. */
  readonly #marks: ReadonlyMap<string, string>;
  #uris: UriIndex | undefined;

  constructor(options: CatalogViewOptions) {
    const { upstreams, pageSize, conflicts } = options;
    this.#options = options;
    const listOf = (method: ListMethod): MergedList =>
      new MergedList({ method, upstreams, pageSize, hidesConflicts: conflicts === 'error' });
    this.#lists = {
      'tools/list': listOf('tools/list'),
      'prompts/list': listOf('prompts/list'),
      'resources/list': listOf('resources/list'),
      'resources/templates/list': listOf('resources/templates/list'),
    };
    this.#marks = new Map(conflicts === 'namespaced' ? upstreams.map((name) => [markOf(name), name]) : []);
  }

  /** Puts the entries of an upstream in the place of those that it had. */
  replace(method: ListMethod, before: readonly Listed[], after: readonly Listed[]): void {
    const isChanged = this.#lists[method].replace(this.#seen(method, before), this.#seen(method, after));
    if (!isChanged) return;
    if (URI_LISTS.includes(method)) this.#uris = undefined;
    this.#options.onChange(method);
  }

  /** Where the holder of a public name or URI is, as far as lists were read. */
  find(method: ListMethod, key: string): Origin | undefined {
    return this.#lists[method].find(key);
  }

  /** Those of the keys that another upstream has too. */
  contested(method: ListMethod, listed: readonly Listed[]): readonly string[] {
    const list = this.#lists[method];
    return listed.flatMap(({ key }) => (list.holdersOf(key).length > 1 ? [key] : []));
  }

  /**
   * Where a resource, or a template, is: by what is listed, else by template, else with the only one who has URIs of
   * its scheme and authority.
   * @throws McpError `invalid_params` if several upstreams have it and that is an error
   */
  findUri(uri: string): Origin | undefined {
    return this.#listedUri(uri) ?? this.#unlistedUri(uri);
  }

  /** What callers know a URI of an upstream by: such that it comes back to this upstream. */
  publicUri(upstream: string, uri: string): string {
    if (this.#marks.size === 0 || isApp(uri)) return uri;
    const marked = markedUri(upstream, uri);
    if (this.#lists['resources/list'].find(marked)?.upstream === upstream) return marked;
    return this.findUri(uri)?.upstream === upstream ? uri : marked;
  }

  /** Whether callers may hear of a URI of an upstream: an update may be of a resource that no list names. */
  isSeen(upstream: string, uri: string): boolean {
    const publicUri = this.publicUri(upstream, uri);
    return this.#isOpen({ upstream, target: uri }, publicUri, this.#index().describers(publicUri).isFitting);
  }

  /** Upstreams of which nothing is known for a list. */
  unread(method: ListMethod): string[] {
    return this.#options.freshness.unread(method);
  }

  /** Reads the lists of upstreams of which nothing is known. Never rejects. */
  readUnread(method: ListMethod): Promise<void> {
    return this.#options.freshness.readUnread(method);
  }

  /**
   * A page of a list, with what is stale read again before: all upstreams at once, each within its own time.
   * @throws McpError `invalid_params` if the cursor is none of the list; `unavailable` if no upstream answers: what they
   * had last is not passed off as what there is
   */
  async page(method: ListMethod, cursor: unknown): Promise<ListPage> {
    const after = readCursor(method, cursor);
    const hints = await this.#options.freshness.ensure(method);
    return { page: this.#lists[method].page(after), hints };
  }

  #seen(method: ListMethod, entries: readonly Listed[]): readonly Listed[] {
    const { upstreams, selectors } = this.#options;
    const [first] = entries;
    // All are of one upstream.
    if (!first || !upstreams.includes(first.origin.upstream)) return [];
    const selector = selectors?.[method];
    if (!selector) return entries;
    const hasUris = URI_LISTS.includes(method);
    return entries.filter((entry) => selector.selects(entry.key) && !(hasUris && isLeftOut(selector, entry)));
  }

  #listedUri(uri: string): Origin | undefined {
    for (const method of URI_LISTS) {
      const origin = this.#lists[method].find(uri);
      if (origin) return origin;
      this.#refuseConflict(uri, this.#lists[method].holdersOf(uri));
    }
    return undefined;
  }

  #refuseConflict(uri: string, holders: readonly Listed[]): void {
    const upstreams = [...new Set(holders.map(({ origin }) => origin.upstream))];
    if (upstreams.length < 2 || this.#options.conflicts !== 'error') return;
    const message = `Several upstreams have the resource ${uri.slice(0, 200)}: ${upstreams.join(', ')}.`;
    throw new McpError('invalid_params', message, { data: { uri, upstreams } });
  }

  #unlistedUri(uri: string): Origin | undefined {
    const { templates, isFitting } = this.#index().describers(uri);
    const origin = this.#marked(uri) ?? this.#owner(uri, templates);
    return origin && this.#isOpen(origin, uri, isFitting) ? origin : undefined;
  }

  #owner(uri: string, templates: readonly Listed[]): Origin | undefined {
    this.#refuseConflict(uri, templates);
    const upstream = templates[0]?.origin.upstream ?? this.#index().ownerOf(uri);
    return upstream === undefined ? undefined : { upstream, target: uri };
  }

  #marked(uri: string): Origin | undefined {
    const end = uri.indexOf('+');
    const upstream = this.#marks.get(uri.slice(0, Math.max(end, 0)));
    return upstream === undefined ? undefined : { upstream, target: uri.slice(end + 1) };
  }

  #isOpen({ upstream, target }: Origin, uri: string, isDescribed: boolean): boolean {
    const { selectors, selectorOf } = this.#options;
    const own = selectors?.['resources/list'];
    if (!selectorOf(upstream).reaches(target, isDescribed)) return false;
    return !own || (own.reaches(uri, isDescribed) && !isLeftOut(own, { key: uri, origin: { upstream, target } }));
  }

  #index(): UriIndex {
    const [resources, templates] = URI_LISTS.map((method) => this.#lists[method].all());
    return (this.#uris ??= indexUris(resources ?? [], templates ?? []));
  }
}

/** A mark does not take a URI out of what a view excludes: who has it depends on who was read first. */
const isLeftOut = (selector: Selector, { key, origin }: Pick<Listed, 'key' | 'origin'>): boolean =>
  key !== origin.target && !selector.reaches(origin.target, true);
