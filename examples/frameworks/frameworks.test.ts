import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { MCPClientBuilder } from '@org/mcp-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as express from './express.ts';
import * as fastify from './fastify.ts';
import * as hono from './hono.ts';
import * as koa from './koa.ts';
import * as nodeHttp from './node-http.ts';
import type { Running } from './upstreams.ts';

const ERAS = { modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const;
const FRAMEWORKS = {
  'node:http': nodeHttp.start,
  Express: express.start,
  'Express behind express.json()': express.startBehindParser,
  Fastify: fastify.start,
  Hono: hono.start,
  Koa: koa.start,
} as const;

describe.each(Object.entries(FRAMEWORKS))('the gateway in %s', (_, start) => {
  let host: Running;
  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  it.each(Object.entries(ERAS))('lists and calls in the %s era', async (_era, mode) => {
    const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode } });
    const errors: Error[] = [];
    client.onerror = (error) => errors.push(error);
    await client.connect(new StreamableHTTPClientTransport(new URL(host.url)));
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'legacy' ? '2025-11-25' : mode.pin);
    expect((await client.listTools()).tools).toMatchObject([{ name: 'greeter_greet' }]);
    expect(await client.callTool({ name: 'greeter_greet', arguments: { name: 'Ada' } })).toMatchObject({
      content: [{ type: 'text', text: 'Hello, Ada!' }],
    });
    await client.close();
    expect(errors).toEqual([]);
  });

  it('answers nothing elsewhere', async () => {
    expect((await fetch(new URL('/other', host.url), { method: 'POST' })).status).toBe(404);
  });

  it('frees its port when it closes', async () => {
    const other = await start();
    await other.close();
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });
});

it.each(['auto', 'legacy'] as const)('the gateway in node:http serves WebSockets too: %s', async (era) => {
  const host = await nodeHttp.start();
  const url = host.url.replace('http', 'ws');
  const client = await new MCPClientBuilder({ name: 'tester', version: '1.0.0' }).webSocket(url).era(era).build();
  expect(client.era).toBe(era === 'auto' ? 'modern' : era);
  expect(await client.tools.call('greeter_greet', { name: 'Ada' })).toMatchObject({
    content: [{ text: 'Hello, Ada!' }],
  });
  await client.close();
  await host.close();
});
