import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { startHttp, type TestHttpServer } from '../../test/support/http-server.ts';
import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import type { MCPServer } from '../server/server.ts';
import type { ServerOptions } from '../server/options.ts';
import { bytes } from '../../test/support/property.ts';
import { decodeEvents, type SseEvent } from '../wire/sse.ts';
import { resolveEdge } from './edge.ts';
import type { HttpRequest } from './http-message.ts';
import { SseHttp } from './sse.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function makeServer(options: Partial<ServerOptions> = {}): MCPServer {
  return new MCPServerBuilder({ name: 'up', version: '1.0.0', sse: true, ...options })
    .addTool({
      name: 'who',
      handler: (_params, { principal }) => [principal?.subject, ...(principal?.scopes ?? [])].join(' '),
    })
    .addTool({ name: 'echo', parameters: z.object({ text: z.string() }), handler: ({ text }) => String(text.length) })
    .addTool({
      name: 'hang',
      handler: (_params, { signal }) =>
        new Promise<string>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(left());
          });
        }),
    })
    .build();
}

let left = (): string => 'left';
const hasLeft = (): Promise<void> =>
  new Promise((resolve) => {
    left = () => {
      resolve();
      return 'left';
    };
  });

const JSON_TYPE = { 'content-type': 'application/json' };

interface Opened {
  readonly server: MCPServer;
  readonly url: string;
  readonly events: AsyncIterator<SseEvent>;
  readonly gone: AbortController;
}

/** A session in plain words. */
class Session {
  readonly #server: MCPServer;
  readonly #url: URL;
  readonly #events: AsyncIterator<SseEvent>;
  readonly #gone: AbortController;
  endpoint = '';

  private constructor(opened: Opened) {
    this.#server = opened.server;
    this.#url = new URL(opened.url);
    this.#events = opened.events;
    this.#gone = opened.gone;
  }

  static async open(server: MCPServer, headers: Record<string, string> = {}, url = 'http://localhost/mcp') {
    const gone = new AbortController();
    const response = await get(server, headers, { url, signal: gone.signal });
    expect(response.status).toBe(200);
    const session = new Session({ server, url, gone, events: decodeEvents(response.body as never, 1e6) });
    const first = await session.next();
    expect(first).toMatchObject({ event: 'endpoint' });
    session.endpoint = new URL(first?.data ?? '', url).href;
    return session;
  }

  async next(): Promise<SseEvent | undefined> {
    const next = await this.#events.next();
    return next.done ? undefined : next.value;
  }

  async message(): Promise<JsonObject> {
    return JSON.parse((await this.next())?.data ?? '{}') as JsonObject;
  }

  post(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return this.#server.fetch(
      new Request(this.endpoint, { method: 'POST', headers: { ...JSON_TYPE, host: this.#url.host, ...headers }, body }),
    );
  }

  async initialize(headers: Record<string, string> = {}): Promise<JsonObject> {
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    expect((await this.post(request('i', 'initialize', params), headers)).status).toBe(202);
    return this.message();
  }

  leave(): void {
    this.#gone.abort();
  }
}

const request = (id: unknown, method: string, params: object = {}): object => ({ jsonrpc: '2.0', id, method, params });

const tool = (id: unknown, name: string, args: object = {}): object =>
  request(id, 'tools/call', { name, arguments: args });

const get = (
  server: MCPServer,
  headers: Record<string, string> = {},
  { url = 'http://localhost/mcp', signal }: { url?: string; signal?: AbortSignal } = {},
): Promise<Response> =>
  server.fetch(
    new Request(url, { headers: { accept: 'text/event-stream', ...headers }, ...(signal ? { signal } : {}) }),
  );

describe('a caller of 2024-11-05', () => {
  it('is not served unless that is asked for', async () => {
    expect((await get(makeServer({ sse: false }))).status).toBe(405);
  });

  it('gets a session by GET, and its answers on the stream', async () => {
    const session = await Session.open(makeServer());
    expect(await session.initialize()).toMatchObject({ result: { protocolVersion: '2024-11-05' } });
    const posted = await session.post(tool(1, 'echo', { text: 'four' }));
    expect([posted.status, await posted.text()]).toEqual([202, '']);
    expect(await session.message()).toMatchObject({ id: 1, result: { content: [{ text: '4' }] } });
    session.leave();
  });

  it('leaves Streamable HTTP at the same URL as it is', async () => {
    const server = makeServer();
    expect((await get(server, { accept: '*/*' })).status).toBe(405);
    expect((await get(server, { 'mcp-protocol-version': '2026-07-28' })).status).toBe(405);
    expect((await get(server, { 'mcp-session-id': 'none' })).status).toBe(404);
    const posted = await server.fetch(
      new Request('http://localhost/mcp?other=1', { method: 'POST', headers: JSON_TYPE, body: '[]' }),
    );
    expect(posted.status).toBe(400);
  });

  it('is told of what it sends wrongly on its stream, or by the status', async () => {
    const server = makeServer({ limits: { maxBytes: 200 } });
    const session = await Session.open(server);
    expect((await session.post('{')).status).toBe(202);
    expect(await session.message()).toMatchObject({ id: null, error: { code: -32700 } });
    await session.post(tool(1, 'echo'));
    expect(await session.message()).toMatchObject({ id: 1, error: { code: -32602 } });
    expect((await session.post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await session.post('x'.repeat(201))).status).toBe(413);
    session.leave();
  });

  it('is refused with a session that is not there', async () => {
    const session = await Session.open(makeServer());
    session.endpoint = session.endpoint.replace(/sessionId=.*/, 'sessionId=none');
    const response = await session.post(tool(1, 'echo'));
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: -32600 } }]);
    session.leave();
  });

  it('may send batches in the revision that has them', async () => {
    const session = await Session.open(makeServer());
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    await session.post(request(0, 'initialize', params));
    await session.message();
    await session.post([request(1, 'ping'), request(2, 'ping')]);
    expect(JSON.parse((await session.next())?.data ?? '')).toMatchObject([{ id: 1 }, { id: 2 }]);
    session.leave();
  });
});

describe('a session of HTTP+SSE', () => {
  const scopes = (header: (name: string) => string | undefined): Principal | null => {
    const [subject, ...rest] = (header('authorization') ?? '').split(' ');
    if (!subject) throw new McpError('unauthenticated', 'Who are you?');
    return { subject, scopes: new Set(rest) };
  };

  it('is its principal’s alone, with the scopes of each message', async () => {
    const server = makeServer({ authenticate: scopes });
    expect((await get(server)).status).toBe(401);
    const session = await Session.open(server, { authorization: 'ann read write' });
    await session.initialize({ authorization: 'ann read' });
    await session.post(tool(1, 'who'), { authorization: 'ann read' });
    expect(await session.message()).toMatchObject({ result: { content: [{ text: 'ann read' }] } });
    expect((await session.post(tool(2, 'who'), { authorization: 'bob read' })).status).toBe(404);
    expect((await session.post(tool(2, 'who'))).status).toBe(401);
    session.leave();
  });

  it('is refused to pages of other origins, and to other hosts', async () => {
    const server = makeServer({ hosts: ['app.example.com'] });
    expect((await get(server, { host: 'localhost', origin: 'https://evil.example' })).status).toBe(403);
    expect((await get(server, {}, { url: 'http://evil.example/mcp' })).status).toBe(403);
    const session = await Session.open(server);
    expect((await session.post(request(1, 'ping'), { origin: 'https://evil.example' })).status).toBe(403);
    session.leave();
  });

  it('ends with its connection, and cancels what runs', async () => {
    const session = await Session.open(makeServer());
    await session.initialize();
    const cancelled = hasLeft();
    await session.post(tool(1, 'hang'));
    session.leave();
    await cancelled;
    expect((await session.post(request(2, 'ping'))).status).toBe(404);
  });

  it('ends when no message comes, and after a day', async () => {
    const clock = new FakeClock();
    const server = makeServer({ clock });
    const [silent, used] = [await Session.open(server), await Session.open(server)];
    await used.initialize();
    clock.advance(60_000);
    expect(await silent.next()).toBeUndefined();
    expect((await used.post(request(1, 'ping'))).status).toBe(202);
    expect(await used.message()).toMatchObject({ id: 1 });
    clock.advance(24 * 60 * 60 * 1000);
    await settled();
    for (let next = await used.next(); next; next = await used.next());
    expect((await used.post(request(1, 'ping'))).status).toBe(404);
    expect(clock.waiting).toBe(0);
  });

  it('ends when the server is closed, after its calls', async () => {
    const server = makeServer();
    const [idle, busy] = [await Session.open(server), await Session.open(server)];
    await busy.initialize();
    const cancelled = hasLeft();
    await busy.post(tool(1, 'hang'));
    const closed = server.close();
    expect(await idle.next()).toBeUndefined();
    expect((await get(server)).status).toBe(503);
    await busy.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await cancelled;
    expect(await busy.next()).toBeUndefined();
    await closed;
  });

  it('is not possible without sessions', () => {
    expect(() => makeServer({ legacySessions: false })).toThrow('sse is true');
  });
});

describe('HTTP+SSE is bounded', () => {
  const endpoint = (): SseHttp => {
    const edge = resolveEdge({ sse: true, clock: new FakeClock() });
    return new SseHttp(() => new Promise(() => undefined), edge);
  };
  const asked = (method: string, query = '', body: object = {}): HttpRequest & { leave(): void } => {
    const gone = new AbortController();
    return {
      ...{ method, query, onLoopback: true, signal: gone.signal },
      header: () => undefined,
      headersWith: () => undefined,
      body: () => Promise.resolve(bytes(JSON.stringify(body))),
      leave: () => {
        gone.abort();
      },
    };
  };

  it('by 10,000 sessions', async () => {
    const sse = endpoint();
    const first = asked('GET');
    await sse.handle(first, null);
    for (let count = 1; count < 10_000; count++) await sse.handle(asked('GET'), null);
    expect(() => sse.handle(asked('GET'), null)).toThrow(McpError);
    first.leave();
    await settled();
    expect(await sse.handle(asked('GET'), null)).toMatchObject({ status: 200 });
  });

  it('by what waits for a caller that does not read: its connection is cut', async () => {
    const sse = endpoint();
    const opened = await sse.handle(asked('GET'), null);
    let query = '';
    const streaming = opened.stream?.({
      write(text) {
        if (query !== '') return new Promise(() => undefined);
        query = /\?(\S+)/.exec(text)?.[1] ?? '';
        return undefined;
      },
    });
    const cut = streaming?.catch((thrown: unknown) => thrown);
    // What is asked comes back with the answer.
    const ping = request('x'.repeat(8 * 1024 * 1024), 'ping');
    const post = async (): Promise<unknown> => sse.handle(asked('POST', query, ping), null);
    for (let count = 0; count < 8; count++) expect(await post()).toMatchObject({ status: 202 });
    await post().catch(() => undefined);
    expect(await cut).toMatchObject({ code: 'overloaded' });
    await expect(post()).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('by 1,000 running calls of a session', async () => {
    const sse = endpoint();
    const opened = await sse.handle(asked('GET'), null);
    let query = '';
    const write = (text: string): undefined => void (query ||= /\?(\S+)/.exec(text)?.[1] ?? '');
    void opened.stream?.({ write });
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    for (let id = 0; id < 1_000; id++)
      await sse.handle(asked('POST', query, request(id, id === 0 ? 'initialize' : 'tools/list', params)), null);
    await expect(sse.handle(asked('POST', query, request('more', 'tools/list')), null)).rejects.toMatchObject({
      code: 'overloaded',
    });
  });
});

describe('the endpoint of a session', () => {
  const serve = async (server: MCPServer, strip: RegExp): Promise<TestHttpServer> => {
    const http = await startHttp((req, res) => {
      req.url = req.url?.replace(strip, '');
      void server.handle(req, res);
    });
    closing.push(http.close, () => server.close());
    return http;
  };

  it.each([
    ['at the root', '/', /^$/],
    ['behind a mount or a proxy with a prefix', '/team/mcp', /^\/team/],
    ['with a query', '/mcp?key=a%26b', /^$/],
  ])('is right %s', async (_, path, strip) => {
    const { url } = await serve(makeServer(), strip);
    const client = new Client({ name: 'c', version: '1' });
    const transport = new SSEClientTransport(new URL(path, url));
    await client.connect(transport);
    expect(await client.callTool({ name: 'echo', arguments: { text: 'xy' } })).toMatchObject({
      content: [{ text: '2' }],
    });
    const { pathname, searchParams } = (transport as unknown as { _endpoint: URL })._endpoint;
    expect(pathname).toBe(new URL(path, url).pathname);
    expect(searchParams.get('key')).toBe(new URL(path, url).searchParams.get('key'));
    await client.close();
  });
});
