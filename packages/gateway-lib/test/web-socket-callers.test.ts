import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as V2Client } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { createCall, MCPClientBuilder, MCPServerBuilder, McpError, type Era, type MCPServer } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { z } from 'zod';
import { WebSocketTransport } from './support/web-socket.ts';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { deferred } from './support/fakes.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What the server of {@link build} does and is told. */
const state = { began: deferred(), cancelled: deferred(), go: deferred() };

function build(): MCPServer {
  Object.assign(state, { began: deferred(), cancelled: deferred(), go: deferred() });
  const server = new MCPServerBuilder({ name: 'up', version: '1.0.0' })
    .addTool({ name: 'echo', parameters: z.object({ text: z.string() }), handler: ({ text }) => text })
    .addTool({
      name: 'count',
      handler: (_, context) => {
        for (let step = 1; step <= 3; step++) context.progress(step, 3);
        return 'counted';
      },
    })
    .addTool({
      name: 'ask',
      handler: async (_, { ask }) => {
        const answer = await ask(z.object({ city: z.string() }), 'Where to?');
        return answer.action === 'accept' ? answer.content.city : answer.action;
      },
    })
    .addTool({
      name: 'hang',
      handler: (_, { signal }) => {
        signal.addEventListener('abort', () => {
          state.cancelled.resolve();
        });
        state.began.resolve();
        return state.go.promise.then(() => 'went on');
      },
    })
    .addTool({ name: 'whoami', handler: (_, { principal }) => principal?.subject ?? 'nobody' })
    .build();
  ends.push(() => {
    state.go.resolve();
    return server.close();
  });
  return server;
}

/** A gateway to {@link build} on a host that passes its handshakes on. */
async function serve(options: Partial<GatewayOptions> = {}) {
  const server = build();
  const gateway = new Gateway({ ...options, upstreams: { up: { server } } });
  ends.push(() => gateway.close());
  const host = createServer().on('upgrade', (req, socket, head) => void gateway.upgrade(req, socket, head));
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  ends.push(() => host.close());
  return { server, gateway, url: `ws://127.0.0.1:${(host.address() as AddressInfo).port}/mcp` };
}

async function clientOf(url: string, era: Era) {
  const client = await new MCPClientBuilder({ name: 'c', version: '1.0.0' })
    .webSocket(url)
    .era(era === 'legacy' ? 'legacy' : 'auto')
    .reconnect(false)
    .onElicit(() => ({ action: 'accept', content: { city: 'Lisbon' } }))
    .build();
  ends.push(() => client.close());
  expect(client.era).toBe(era);
  return client;
}

/** A socket of a client that is not ours. */
async function open(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, 'mcp', options);
  ends.push(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  return socket;
}

/** The status that a handshake is refused with. */
async function refusal(
  url: string,
  { protocol = 'mcp', ...options }: ClientOptions & { protocol?: string } = {},
): Promise<number | undefined> {
  const socket = new WebSocket(url, protocol, options).on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode?: number; resume(): void },
  ];
  response.resume();
  return response.statusCode;
}

const request = (id: number, method: string, params = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: createCall(method, params).params.value });

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

describe.each<Era>(['modern', 'legacy'])('a %s caller over WebSocket', (era) => {
  it('has many calls in flight on one socket', async () => {
    const client = await clientOf((await serve()).url, era);
    const texts = Array.from({ length: 200 }, (_, i) => `n${i}`);
    const results = await Promise.all(texts.map((one) => client.tools.call('up_echo', { text: one })));
    expect(results).toMatchObject(texts.map(text));
  });

  it('is told of progress before the result', async () => {
    const client = await clientOf((await serve()).url, era);
    const told: number[] = [];
    const onProgress = ({ progress }: { progress: number }): void => void told.push(progress);
    expect(await client.tools.call('up_count', {}, { onProgress })).toMatchObject(text('counted'));
    expect(told).toEqual([1, 2, 3]);
  });

  it('is asked what the upstream asks', async () => {
    const client = await clientOf((await serve()).url, era);
    expect(await client.tools.call('up_ask')).toMatchObject(text('Lisbon'));
  });

  it('cancels by a message', async () => {
    const client = await clientOf((await serve()).url, era);
    const stop = new AbortController();
    const call = client.tools.call('up_hang', {}, { signal: stop.signal });
    await state.began.promise;
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await state.cancelled.promise;
    // The socket lives on.
    expect(await client.tools.call('up_echo', { text: 'x' })).toMatchObject(text('x'));
  });

  it('listens to changes', async () => {
    const { server, url } = await serve();
    const client = await clientOf(url, era);
    await client.tools.list().toArray();
    const changes = (await client.subscribe({ tools: true }))[Symbol.asyncIterator]();
    const change = changes.next();
    server.tools.add({ name: 'new', handler: () => 'new' });
    expect((await change).value).toMatchObject({ kind: 'tools' });
    expect((await client.tools.list().toArray()).map(({ name }) => name)).toContain('up_new');
  });

  it('gets its running calls answered when the gateway closes, and then the end of the socket', async () => {
    const { gateway, url } = await serve();
    const client = await clientOf(url, era);
    const call = client.tools.call('up_hang');
    await state.began.promise;
    const closed = gateway.close();
    state.go.resolve();
    expect(await call).toMatchObject(text('went on'));
    await Promise.all([closed, client.closed]);
  });
});

it.each([
  ['v1', () => new V1Client({ name: 'c', version: '1.0.0' }) as unknown as V2Client],
  ['v2', () => new V2Client({ name: 'c', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })],
])('an official client (%s) is served over WebSocket', async (_, create) => {
  const { url } = await serve();
  const client = create();
  await client.connect(new WebSocketTransport(url) as never);
  ends.push(() => client.close());
  const calls = ['a', 'b', 'c'].map((one) => client.callTool({ name: 'up_echo', arguments: { text: one } }));
  expect(await Promise.all(calls)).toMatchObject(['a', 'b', 'c'].map(text));
});

describe('a socket to a gateway', () => {
  it('that is lost cancels its calls, modern and legacy, and no others', async () => {
    const { url } = await serve();
    const other = await clientOf(url, 'modern');
    for (const start of [
      (socket: WebSocket) => {
        socket.send(request(1, 'tools/call', { name: 'up_hang' }));
      },
      (socket: WebSocket) => {
        const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
        socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
        const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'up_hang' } };
        socket.once('message', () => {
          socket.send(JSON.stringify(call));
        });
      },
    ]) {
      Object.assign(state, { began: deferred(), cancelled: deferred() });
      const socket = await open(url);
      start(socket);
      await state.began.promise;
      socket.terminate();
      await state.cancelled.promise;
    }
    expect(await other.tools.call('up_echo', { text: 'x' })).toMatchObject(text('x'));
  });

  it('acts for who was authenticated at the handshake', async () => {
    const authenticate: GatewayOptions['authenticate'] = (header) => {
      if (header('authorization') === 'Bearer good') return { subject: 'ada', scopes: new Set() };
      throw new McpError('unauthenticated', 'Who are you?');
    };
    const { url } = await serve({ authenticate });
    expect(await refusal(url)).toBe(401);
    const socket = await open(url, { headers: { authorization: 'Bearer good' } });
    socket.send(request(1, 'tools/call', { name: 'up_whoami' }));
    expect(JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0]))).toMatchObject({ result: text('ada') });
  });

  it.each<[string, number, Parameters<typeof refusal>[1]]>([
    ['a foreign origin', 403, { origin: 'https://evil.example' }],
    ['a foreign host', 403, { headers: { host: 'evil.example' } }],
    ['another subprotocol', 400, { protocol: 'other' }],
  ])('is refused before the upgrade for %s with %d', async (_, status, options) => {
    expect(await refusal((await serve()).url, options)).toBe(status);
  });

  it('takes messages up to the limit', async () => {
    const { url } = await serve({ limits: { maxBytes: 1_000 } });
    const socket = await open(url);
    socket.send(request(1, 'tools/call', { name: 'up_echo', arguments: { text: 'x'.repeat(1_000) } }));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('is closed with the gateway, which takes no more', async () => {
    const { gateway, url } = await serve();
    const socket = await open(url);
    const notifications = { toolsListChanged: true };
    socket.send(request(7, 'subscriptions/listen', { notifications }));
    await once(socket, 'message');
    const messages: unknown[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    const closing = once(socket, 'close');
    await gateway.close();
    expect((await closing)[0]).toBe(1000);
    expect(messages).toMatchObject([{ id: 7, result: { resultType: 'complete' } }]);
    expect(await refusal(url)).toBe(502);
  });
});
