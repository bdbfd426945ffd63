import { Client, StreamableHTTPClientTransport, type FetchLike } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as route from './next-route.ts';
import * as express from './server-express.ts';
import * as fastify from './server-fastify.ts';
import * as hono from './server-hono.ts';
import type { Running } from './upstreams.ts';

const ERAS = Object.entries({ modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const);
const FRAMEWORKS = { Express: express.start, Fastify: fastify.start, Hono: hono.start } as const;

async function greets(url: string, mode: (typeof ERAS)[number][1], fetchLike: FetchLike = fetch): Promise<void> {
  const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode } });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: fetchLike }));
  expect((await client.listTools()).tools).toMatchObject([{ name: 'greet' }]);
  expect(await client.callTool({ name: 'greet', arguments: { name: 'Ada' } })).toMatchObject({
    content: [{ type: 'text', text: 'Hello, Ada!' }],
  });
  await client.close();
  expect(errors).toEqual([]);
}

describe.each(Object.entries(FRAMEWORKS))('a server in %s', (_, start) => {
  let host: Running;
  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  it.each(ERAS)('lists and calls in the %s era', (_era, mode) => greets(host.url, mode));

  it('frees its port when it closes', async () => {
    const other = await start();
    await other.close();
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });
});

describe('a server in a Next route', () => {
  /** What Next does with a request. */
  const next: FetchLike = (url, init) => {
    const request = new Request(url, init);
    return route[request.method as keyof typeof route](request);
  };

  it.each(ERAS)('lists and calls in the %s era', (_era, mode) => greets('http://localhost/mcp', mode, next));
});
