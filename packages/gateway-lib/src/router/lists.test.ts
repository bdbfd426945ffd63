import { createCall, type JsonObject, type Payload, type Result } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import type { CatalogView, ListPage } from '../catalog/catalog-view.ts';
import type { ListHints } from '../catalog/freshness.ts';
import { createLists, MISSING_META } from './lists.ts';

const HINTS: ListHints = { ttlMs: 500, isPublic: true, missing: [] };

/** Answers lists of one page. */
function listing(json: string, nextCursor?: string) {
  const page = { json: new TextEncoder().encode(json), nextCursor };
  const current: { page: ListPage['page']; hints: ListHints } = { page, hints: HINTS };
  const cursors: unknown[] = [];
  const catalog = {
    page: (_: string, cursor: unknown) => {
      cursors.push(cursor);
      return Promise.resolve(current);
    },
  } as unknown as CatalogView;
  const handler = createLists({ catalog, info: { name: 'gw' } });
  const payload = async (params: JsonObject = {}): Promise<Payload<Result>> => {
    const { single } = await handler(createCall('tools/list', params));
    if (single?.kind !== 'result') throw new Error('not a result');
    return single.result;
  };
  return { current, cursors, payload, list: async (params?: JsonObject) => (await payload(params)).value };
}

describe('a list of the gateway', () => {
  it('is a page of the catalog, signed', async () => {
    const { list, cursors } = listing('{"name":"a"},{"name":"é"}', 'next');
    expect(await list({ cursor: 'this' })).toEqual({
      resultType: 'complete',
      tools: [{ name: 'a' }, { name: 'é' }],
      nextCursor: 'next',
      ttlMs: 500,
      cacheScope: 'public',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'gw' } },
    });
    expect(cursors).toEqual(['this']);
  });

  it('is private when a part is, and has no cursor at its end', async () => {
    const { current, list } = listing('');
    current.hints = { ...HINTS, isPublic: false };
    expect(await list()).toMatchObject({ tools: [], ttlMs: 500, cacheScope: 'private' });
    expect(await list()).not.toHaveProperty('nextCursor');
  });

  it('says who is missing in it', async () => {
    const { current, list } = listing('');
    const missing = [{ upstream: 'a', reason: 'gone' }];
    current.hints = { ttlMs: 0, isPublic: false, missing };
    const partial = await list();
    expect(partial).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect((partial._meta as JsonObject)[MISSING_META]).toEqual(missing);
  });

  it('is the same bytes as long as nothing is different', async () => {
    const { current, payload } = listing('{"name":"a"}');
    const first = await payload();
    expect(await payload()).toBe(first);
    current.hints = { ...HINTS, ttlMs: 400 };
    const second = await payload();
    expect(second.value.ttlMs).toBe(400);
    current.page = { ...current.page };
    expect(await payload()).not.toBe(second);
  });
});
