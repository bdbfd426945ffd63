import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { MCPServerBuilder, type Era, type MCPServer } from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { Gateway, type GatewayOptions, type UpstreamSettings } from '../src/index.ts';
import { FakeClock } from './support/fake-clock.ts';
import { deferred } from './support/fakes.ts';
import { WebSocketTransport } from './support/web-socket.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

/** Let go by a test: what the tool `wait` of any server waits for. */
let gate = deferred();

function modernServer(): MCPServer {
  return new MCPServerBuilder({ name: 'new', version: '1.0.0' })
    .addTool({ name: 'echo', parameters: z.object({ text: z.string() }), handler: (args) => args.text })
    .addTool({ name: 'long', handler: () => 'x'.repeat(4_000_000) })
    .addTool({ name: 'wait', handler: () => gate.promise.then(() => 'waited') })
    .build();
}

function legacyServer(): V1Server {
  const server = new V1Server({ name: 'old', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, (args) => text(args.text));
  server.registerTool('wait', {}, () => gate.promise.then(() => text('waited')));
  return server;
}

/** A server over WebSocket. */
interface Served {
  readonly port: number;
  readonly handshakes: IncomingMessage[];
  /** Ends it, as its process would. */
  kill(): Promise<void>;
}

/** A server that knows nothing of the legacy era; ours speak both. */
function answerModern(socket: WebSocket): void {
  const results: Record<string, object> = {
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
    'tools/call': text('x'),
  };
  socket.on('message', (data: Buffer) => {
    const { id, method } = JSON.parse(data.toString()) as { id?: number; method: string };
    const result = results[method] && { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...results[method] };
    const outcome = result ? { result } : { error: { code: -32601, message: `no ${method}` } };
    if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  });
}

async function serve(era: Era | 'modern only', port = 0): Promise<Served> {
  const http = createHttpServer();
  const handshakes: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  http.on('connection', (socket) => sockets.add(socket));
  http.on('upgrade', (req) => handshakes.push(req));
  if (era === 'modern') {
    const server = modernServer();
    http.on('upgrade', (req, socket, head) => void server.upgrade(req, socket, head));
  } else {
    const server = new WebSocketServer({ server: http, handleProtocols: () => 'mcp' });
    if (era === 'modern only') server.on('connection', answerModern);
    else server.on('connection', (socket) => void legacyServer().connect(new WebSocketTransport(socket) as never));
  }
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const kill = async (): Promise<void> => {
    for (const socket of sockets) socket.resetAndDestroy();
    if (!http.listening) return;
    http.close();
    await once(http, 'close');
  };
  ends.push(kill);
  return { port: (http.address() as AddressInfo).port, handshakes, kill };
}

const at = (port: number): string => `ws://127.0.0.1:${port}/mcp`;

function gatewayTo(url: string, settings: UpstreamSettings = {}, options: Partial<GatewayOptions> = {}): Gateway {
  const gateway = new Gateway({ ...options, upstreams: { up: { url, headers: { key: 's3cret' }, ...settings } } });
  ends.push(() => gateway.close());
  return gateway;
}

const call = (gateway: Gateway, name: string, args = {}) =>
  gateway.call('tools/call', { name: `up_${name}`, arguments: args });

const endpointOf = (gateway: Gateway) => gateway.status()[0]!.endpoints[0]!;

/** Passes bytes on between a gateway and a server, as fast as the test lets it. */
class Proxy {
  port = 0;
  /** Pause after each piece of an answer. Unit: ms. */
  slowMs: number | undefined;
  /** Connections that were made. */
  readonly lines: { isCut: boolean; readonly ends: readonly Socket[] }[] = [];
  readonly #server = createServer((socket) => {
    const onward = connect(this.#to, '127.0.0.1');
    const line = { isCut: false, ends: [socket, onward] };
    this.lines.push(line);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('error', () => undefined);
      from.on('close', () => {
        if (!line.isCut) to.destroy();
      });
      from.on('data', (data: Buffer) => {
        if (line.isCut) return;
        to.write(data);
        if (this.slowMs === undefined || from === socket) return;
        from.pause();
        setTimeout(() => from.resume(), this.slowMs);
      });
    }
  });
  readonly #to: number;

  private constructor(to: number) {
    this.#to = to;
  }

  static async before(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.port = (proxy.#server.address() as AddressInfo).port;
    ends.push(() => {
      for (const line of proxy.lines) for (const socket of line.ends) socket.destroy();
      proxy.#server.close();
    });
    return proxy;
  }

  /** From now on nothing passes on what is open; no end is told. */
  cut(): void {
    for (const line of this.lines) line.isCut = true;
  }
}

describe.each<Era>(['modern', 'legacy'])('a %s server over WebSocket', (era) => {
  it('is spoken to in its era, with many calls at once on a socket', async () => {
    const served = await serve(era);
    const gateway = gatewayTo(at(served.port));
    await gateway.start();
    const origin = `ws://127.0.0.1:${served.port}`;
    expect(endpointOf(gateway)).toMatchObject({ label: origin, transport: 'websocket', state: 'ready', era });
    const texts = Array.from({ length: 300 }, (_, i) => `n${i}`);
    const results = await Promise.all(texts.map((one) => call(gateway, 'echo', { text: one })));
    expect(results).toMatchObject(texts.map(text));
    // A legacy session is one for all callers that can be asked the same; lists are read in another.
    const sockets = era === 'modern' ? ['s3cret'] : ['s3cret', 's3cret'];
    expect(served.handshakes.map(({ headers }) => headers.key)).toEqual(sockets);
  });

  it('that is killed fails what is in flight, and is found again when it is back', async () => {
    gate = deferred();
    const first = await serve(era);
    const gateway = gatewayTo(at(first.port));
    await gateway.start();
    const running = call(gateway, 'wait');
    await vi.waitFor(() => expect(endpointOf(gateway).load).toBe(1));
    await first.kill();
    await expect(running).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^Upstream "up": /) as string,
    });
    await vi.waitFor(() => expect(endpointOf(gateway).state).not.toBe('ready'));
    await serve(era, first.port);
    await vi.waitFor(() => expect(endpointOf(gateway).state).toBe('ready'), 5_000);
    expect(endpointOf(gateway)).toMatchObject({ era });
    expect(await call(gateway, 'echo', { text: 'x' })).toMatchObject(text('x'));
  });

  it('behind a network that was cut fails what is in flight, and is reached anew', async () => {
    gate = deferred();
    const served = await serve(era);
    const proxy = await Proxy.before(served.port);
    const gateway = gatewayTo(at(proxy.port), { livenessMs: 400 });
    await gateway.start();
    const running = call(gateway, 'wait');
    await vi.waitFor(() => expect(endpointOf(gateway).load).toBe(1));
    proxy.cut();
    await expect(running).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(endpointOf(gateway).state).toBe('ready'), 5_000);
    expect(await call(gateway, 'echo', { text: 'x' })).toMatchObject(text('x'));
  });
});

it.each<[Era, Era]>([
  ['legacy', 'modern'],
  ['modern', 'legacy'],
])('a %s server over WebSocket that comes back as a %s one is spoken to as such', async (before, after) => {
  const first = await serve(before);
  const gateway = gatewayTo(at(first.port));
  await gateway.start();
  await first.kill();
  await vi.waitFor(() => expect(endpointOf(gateway).state).not.toBe('ready'));
  await serve(after === 'modern' ? 'modern only' : after, first.port);
  await vi.waitFor(() => expect(endpointOf(gateway)).toMatchObject({ state: 'ready', era: after }), 5_000);
  expect(await call(gateway, 'echo', { text: 'x' })).toMatchObject(text('x'));
});

describe('a socket to a server', () => {
  it('that is half open is noticed though nobody calls', async () => {
    const clock = new FakeClock();
    const proxy = await Proxy.before((await serve('modern')).port);
    const gateway = gatewayTo(at(proxy.port), {}, { clock });
    await gateway.start();
    proxy.cut();
    clock.advance(15_000);
    expect(endpointOf(gateway).state).toBe('ready');
    clock.advance(15_000);
    await vi.waitFor(() => expect(endpointOf(gateway)).toMatchObject({ state: 'down' }));
  });

  it('on which a long result is on its way is no dead one', async () => {
    const proxy = await Proxy.before((await serve('modern')).port);
    const gateway = gatewayTo(at(proxy.port), { livenessMs: 100 });
    await gateway.start();
    proxy.slowMs = 30;
    const since = performance.now();
    const { content } = await call(gateway, 'long');
    expect((content as { text: string }[])[0]!.text).toHaveLength(4_000_000);
    // Else it would not have been asked.
    expect(performance.now() - since).toBeGreaterThan(1_000);
  });

  it('is closed with the gateway', async () => {
    const served = await serve('modern');
    const gateway = gatewayTo(at(served.port));
    await gateway.start();
    const closed = once(served.handshakes[0]!.socket, 'close');
    await gateway.close();
    await closed;
  });

  it('that is refused says why, without a credential', async () => {
    const http = createHttpServer().on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    ends.push(() => http.close());
    const gateway = gatewayTo(`${at((http.address() as AddressInfo).port)}?token=s3cret`);
    await gateway.start();
    const { state, reason } = endpointOf(gateway);
    expect(state).toBe('down');
    expect(reason).toMatch(/refused the credentials \(HTTP 401\)/);
    expect(reason).not.toContain('s3cret');
  });
});
