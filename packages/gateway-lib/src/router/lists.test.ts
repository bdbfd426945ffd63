import { createCall, McpError, type JsonObject } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import type { Catalog, CatalogView } from '../catalog/catalog.ts';
import { EMPTY_MERGED } from '../catalog/merged-list.ts';
import { createLists, MISSING_META } from './lists.ts';

const list = async (
  view: Partial<CatalogView['list']>,
  missing: CatalogView['missing'] = [],
  params: JsonObject = {},
): Promise<JsonObject> => {
  const catalog = {
    view: () => Promise.resolve({ list: { ...EMPTY_MERGED, ...view }, missing }),
  } as unknown as Catalog;
  const reply = await createLists({ catalog, info: { name: 'gw' } })(createCall('tools/list', params));
  return reply.result();
};

describe('a list of the gateway', () => {
  it('is what the catalog has, signed', async () => {
    expect(await list({ json: '{"name":"a"},{"name":"b"}', ttlMs: 500, isPublic: true })).toEqual({
      resultType: 'complete',
      tools: [{ name: 'a' }, { name: 'b' }],
      ttlMs: 500,
      cacheScope: 'public',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'gw' } },
    });
  });

  it('is private when a part is', async () => {
    expect(await list({ ttlMs: 500, isPublic: false })).toMatchObject({ tools: [], ttlMs: 500, cacheScope: 'private' });
  });

  it('is never kept when somebody is missing in it, or nothing limits its age', async () => {
    const missing = [{ upstream: 'a', reason: 'gone' }];
    const partial = await list({ ttlMs: 500, isPublic: true }, missing);
    expect(partial).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect((partial._meta as JsonObject)[MISSING_META]).toEqual(missing);
    expect(await list({ ttlMs: Infinity, isPublic: true })).toMatchObject({ ttlMs: 0 });
  });

  it('has one page', async () => {
    await expect(list({}, [], { cursor: 'x' })).rejects.toBeInstanceOf(McpError);
    await expect(list({}, [], { cursor: '' })).rejects.toMatchObject({ code: 'invalid_params' });
  });
});
