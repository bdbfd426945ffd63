import type { ListMethod } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { answer } from '../../test/support/fakes.ts';
import { Catalog } from './catalog.ts';
import type { CatalogView, UriConflicts } from './catalog-view.ts';
import { readList, type UpstreamList } from './entry.ts';
import { createNameTable } from './names.ts';
import type { EntryOverrides } from './overrides.ts';
import { createSelector, type Selection } from './selection.ts';

/** URIs and templates of an upstream. */
type Uris = readonly string[];

interface World {
  readonly conflicts?: UriConflicts;
  readonly resources?: Record<string, EntryOverrides>;
  readonly view?: Selection;
}

/** A view of upstreams with these URIs, read in their order. */
async function viewOf(upstreams: Record<string, Uris>, { conflicts, resources = {}, view }: World = {}) {
  const read = (upstream: string, method: ListMethod): Promise<UpstreamList> => {
    const isTemplates = method === 'resources/templates/list';
    const uris = (upstreams[upstream] ?? []).filter((uri) => uri.includes('{') === isTemplates);
    const page = isTemplates
      ? { resourceTemplates: uris.map((uriTemplate) => ({ uriTemplate })) }
      : { resources: uris.map((uri) => ({ uri })) };
    return readList(() => Promise.resolve(answer(page)), method, {
      clientInfo: { name: 'gw', version: '1' },
      signal: new AbortController().signal,
    });
  };
  const catalog = new Catalog({
    upstreams: Object.keys(upstreams),
    names: createNameTable({ naming: 'always', upstreams: Object.keys(upstreams) }),
    clock: new FakeClock(),
    read,
    isWatched: () => true,
    overrides: new Map(
      Object.entries(resources).map(([name, own]) => [name, { tools: {}, prompts: {}, resources: own }]),
    ),
    ...(conflicts ? { conflicts } : {}),
  });
  const selector = createSelector(view ?? {});
  const whole = catalog.createView({
    selectors: {
      'tools/list': selector,
      'prompts/list': selector,
      'resources/list': selector,
      'resources/templates/list': selector,
    },
    onChange: () => undefined,
  });
  for (const upstream of Object.keys(upstreams))
    for (const method of ['resources/list', 'resources/templates/list'] as const)
      await catalog.refresh(upstream, method);
  return whole;
}

const route = (view: CatalogView, uri: string): string | undefined => {
  const origin = view.findUri(uri);
  return origin && `${origin.upstream} ${origin.target}`;
};

async function listed(view: CatalogView): Promise<string[]> {
  const { page } = await view.page('resources/list', undefined);
  const entries = JSON.parse(`[${new TextDecoder().decode(page.json)}]`) as { uri: string }[];
  return entries.map(({ uri }) => uri);
}

describe('a URI', () => {
  const upstreams = {
    a: ['x://1', 'shop://a/1', 'note://{id}'],
    b: ['x://1', 'x://2', 'shop://b/1', 'note://{name}', 'note://{id}/raw'],
  };

  it.each([
    ['x://1', 'a x://1'],
    ['x://2', 'b x://2'],
    ['note://7', 'a note://7'],
    ['note://7/raw', 'b note://7/raw'],
    ['note://{name}', 'b note://{name}'],
    ['shop://a/2', 'a shop://a/2'],
    ['shop://b', 'b shop://b'],
    ['shop://c/1', undefined],
    ['mcp.b+x://1', undefined],
  ])('%s goes to %s', async (uri, expected) => {
    expect(route(await viewOf(upstreams), uri)).toBe(expected);
  });

  it("that several have is nobody's where that is an error", async () => {
    const view = await viewOf(upstreams, { conflicts: 'error' });
    expect(await listed(view)).toEqual(['shop://a/1', 'shop://b/1', 'x://2']);
    for (const uri of ['x://1', 'note://7'])
      expect(() => view.findUri(uri)).toThrow(`Several upstreams have the resource ${uri}: a, b.`);
    expect(route(view, 'x://2')).toBe('b x://2');
    expect(route(view, 'note://7/raw')).toBe('b note://7/raw');
  });

  it('that several have is marked where that is wished, and comes back to whose it is', async () => {
    const view = await viewOf(upstreams, { conflicts: 'namespaced' });
    expect(await listed(view)).toEqual(['mcp.b+x://1', 'shop://a/1', 'shop://b/1', 'x://1', 'x://2']);
    for (const [upstream, uri] of [
      ['a', 'x://1'],
      ['b', 'x://1'],
      ['a', 'x://2'],
      ['a', 'note://7'],
      ['b', 'note://7'],
      ['b', 'note://{name}'],
      ['b', 'other://z'],
      ['a', 'shop://b/9'],
    ] as const)
      expect(route(view, view.publicUri(upstream, uri))).toBe(`${upstream} ${uri}`);
    expect(view.publicUri('a', 'x://1')).toBe('x://1');
    expect(view.publicUri('a', 'note://7')).toBe('note://7');
    expect(view.publicUri('b', 'ui://page')).toBe('ui://page');
  });

  it('that is excluded is not found by any way', async () => {
    const resources = { a: { exclude: ['file:///secret/*', 'note://7'] } };
    const view = await viewOf(
      { a: ['file:///secret/a', 'file:///docs/a', 'note://{id}'] },
      { resources, conflicts: 'namespaced' },
    );
    for (const uri of ['file:///secret/a', 'file:///docs/../secret/a', 'file:///secret/new', 'note://7'])
      for (const spelt of [uri, `mcp.a+${uri}`]) expect(route(view, spelt)).toBeUndefined();
    expect(route(view, 'file:///docs/new')).toBe('a file:///docs/new');
    expect(route(view, 'note://8')).toBe('a note://8');
    expect(view.isSeen('a', 'file:///secret/a')).toBe(false);
    expect(view.isSeen('a', 'note://8')).toBe(true);
  });

  it('that is not in a view is not found in it by any way', async () => {
    const view = await viewOf(
      { a: ['file:///docs/a', 'file:///b', 'note://{id}'] },
      { view: { include: ['file:///docs/*'] } },
    );
    expect(await listed(view)).toEqual(['file:///docs/a']);
    expect(route(view, 'file:///docs/b')).toBe('a file:///docs/b');
    for (const uri of ['file:///b', 'file:///docs/../b', 'note://7', 'note://{id}'])
      expect(route(view, uri)).toBeUndefined();
    expect(view.isSeen('a', 'file:///b')).toBe(false);
  });

  it('that a view excludes is not found in it by the mark of its upstream', async () => {
    const view = await viewOf(
      { a: ['doc://secret', 'doc://open', 'doc://{id}'], b: ['doc://secret', 'doc://open'] },
      { view: { exclude: ['doc://secret'] }, conflicts: 'namespaced' },
    );
    expect(await listed(view)).toEqual(['doc://open', 'mcp.b+doc://open']);
    for (const mark of ['', 'mcp.a+', 'mcp.b+'])
      for (const uri of ['doc://secret', 'doc://%73ecret']) expect(route(view, `${mark}${uri}`)).toBeUndefined();
    expect(view.isSeen('b', 'doc://secret')).toBe(false);
    expect(view.isSeen('b', 'doc://open')).toBe(true);
    expect(route(view, 'mcp.b+doc://new')).toBe('b doc://new');
  });

  it('is reached by a template that is in a view, though it is not itself', async () => {
    const view = await viewOf({ a: ['note://{id}', 'note://7'] }, { view: { include: ['note://{id}'] } });
    expect(await listed(view)).toEqual([]);
    expect(route(view, 'note://8')).toBe('a note://8');
    expect(route(view, 'note://8/raw')).toBeUndefined();
  });
});
