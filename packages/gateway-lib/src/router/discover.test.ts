import { createCall, McpError, type JsonObject } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test/support/fakes.ts';
import { EVERYTHING as EVERY_EXTENSION } from '../catalog/selection.ts';
import { createDiscover } from './discover.ts';
import { MISSING_META } from './lists.ts';

const CHANGING = { listChanged: true };
const EVERYTHING = {
  tools: CHANGING,
  prompts: CHANGING,
  resources: CHANGING,
  completions: {},
  logging: {},
};

async function discover(
  found: Record<string, { capabilities?: JsonObject; instructions?: string } | Error>,
  instructions?: string,
): Promise<JsonObject> {
  const connections = new Map<string, FakeConnection | Error>(
    Object.entries(found).map(([name, server]) => {
      if (server instanceof Error) return [name, server];
      const { capabilities = {}, instructions: own } = server;
      return [
        name,
        Object.assign(new FakeConnection(), { server: { serverInfo: undefined, capabilities, instructions: own } }),
      ];
    }),
  );
  const info = { name: 'gw', version: '1' };
  const reply = await createDiscover({
    info,
    instructions,
    extensions: EVERY_EXTENSION,
    connections: () => Promise.resolve(connections),
  })(createCall('server/discover'));
  expect(reply.peek()).toBe('complete');
  return reply.result();
}

describe('what the gateway says of itself', () => {
  it('is what any upstream can', async () => {
    const result = await discover({
      a: { capabilities: { tools: {}, logging: {} } },
      b: { capabilities: { prompts: { listChanged: false }, tasks: {}, resources: null } },
    });
    expect(result).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: CHANGING, prompts: CHANGING, logging: {} },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'gw', version: '1' } },
    });
  });

  it('is all that it can route while no upstream can be asked, and who is missing', async () => {
    const result = await discover({ a: new McpError('timeout', 'slow'), b: new Error('gone') });
    expect(result.capabilities).toEqual({ ...EVERYTHING, resources: { ...CHANGING, subscribe: true } });
    expect((result._meta as JsonObject)[MISSING_META]).toEqual([
      { upstream: 'a', reason: 'slow' },
      { upstream: 'b', reason: 'gone' },
    ]);
  });

  it('promises all that one upstream with everything has', async () => {
    const result = await discover({
      a: { capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} } },
      b: {},
    });
    expect(result.capabilities).toEqual(EVERYTHING);
  });

  it('joins the instructions, its own first', async () => {
    const upstreams = { a: { instructions: 'A.' }, b: {}, c: { instructions: 'C.' }, d: { instructions: '' } };
    expect((await discover(upstreams, 'Mine.')).instructions).toBe('Mine.\n\n# a\n\nA.\n\n# c\n\nC.');
    expect((await discover(upstreams)).instructions).toBe('# a\n\nA.\n\n# c\n\nC.');
    expect(await discover({ b: {} })).not.toHaveProperty('instructions');
  });
});
