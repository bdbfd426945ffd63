import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { startHttp } from '../../test/support/http-server.ts';
import { SseServer } from '../../test/support/sse-server.ts';
import { bearer } from '../auth/bearer.ts';
import { MCPClientBuilder } from '../client/builder.ts';
import { systemClock } from '../core/clock.ts';
import { createCall } from '../core/call.ts';
import { connect } from './connect.ts';
import type { Connection, ConnectOptions } from './connection.ts';
import { createFetchClient } from './fetch-client.ts';
import { EraVerdict } from './era-verdict.ts';
import type { HttpClient } from './http-client.ts';
import { linkOverHttp } from './http-link.ts';
import { createUndiciClient } from './undici.node.ts';

let server: SseServer;
beforeEach(async () => {
  server = await new SseServer().start();
});
afterEach(() => server.close());

const CLIENTS: [string, (url: URL) => HttpClient][] = [
  ['undici', createUndiciClient],
  ['fetch', createFetchClient],
];

describe.each(CLIENTS)('a server of 2024-11-05 reached with %s', (_, createClient) => {
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
    await server.isLeft();
  });

  async function reach(options: Partial<ConnectOptions> = {}): Promise<Connection> {
    const url = new URL(server.url);
    const client = createClient(url);
    const signal = AbortSignal.timeout(5_000);
    const connectOptions = { clientInfo: { name: 'c', version: '1' }, signal, clock: systemClock, ...options };
    try {
      const connection = await connect(linkOverHttp(client, url, { authorization: 'Bearer x' }), connectOptions);
      open.push(connection);
      return connection;
    } catch (thrown) {
      await client.close();
      throw thrown;
    }
  }
  const call = (connection: Connection): Promise<unknown> =>
    connection.handler(createCall('tools/call', { name: 'any' })).then((reply) => reply.result());

  it.each([400, 404, 405])('is found out when it refuses posts with %i', async (status) => {
    server.postStatus = status;
    const connection = await reach();
    expect(connection).toMatchObject({ era: 'legacy', version: '2024-11-05' });
    expect(await call(connection)).toMatchObject({ content: [{ text: 'old' }] });
    expect(server.seen.slice(0, 3)).toEqual(['POST /mcp?x=1', 'POST /mcp?x=1', 'GET /mcp?x=1']);
    expect(new Set(server.seen.slice(3))).toEqual(new Set(['POST /messages?session=1']));
    expect(new Set(server.credentials)).toEqual(new Set(['Bearer x']));
  });

  it('is not tried with what it refuses once that is known', async () => {
    const verdict = new EraVerdict(systemClock);
    await reach({ verdict });
    expect(verdict).toMatchObject({ era: 'legacy', isSse: true });
    const before = server.posts.length;
    await reach({ verdict });
    expect(server.posts).toHaveLength(before);
  });

  it('is asked for more once it has no stream any longer', async () => {
    const verdict = new EraVerdict(systemClock);
    verdict.found('legacy', { isSse: true });
    server.getStatus = 404;
    await expect(reach({ verdict })).rejects.toMatchObject({ data: { httpStatus: 405 } });
    expect(server.seen).toEqual(['GET', 'POST', 'POST', 'GET'].map((method) => `${method} /mcp?x=1`));
  });

  it.each([401, 403, 429, 500, 503])('is not what answers %i to posts', async (status) => {
    server.postStatus = status;
    await expect(reach()).rejects.toMatchObject({ code: 'unavailable', data: { httpStatus: status } });
    expect(server.seen).toEqual(['POST /mcp?x=1']);
  });

  it.each([401, 403, 503])('is unknown as long as its GET is answered with %i', async (status) => {
    server.getStatus = status;
    await expect(reach()).rejects.toMatchObject({ data: { httpStatus: status } });
  });

  it('is none if it has no stream: the refusal of initialize tells more', async () => {
    server.getStatus = 404;
    await expect(reach()).rejects.toMatchObject({ data: { httpStatus: 405 } });
  });

  it.each([
    'http://127.0.0.1:1/messages',
    '//example.com/messages',
    'https://example.com',
    'http://a:b@{host}/messages',
    'http://[',
  ])('is refused when it names the endpoint %s', async (endpoint) => {
    server.endpoint = endpoint.replace('{host}', new URL(server.url).host);
    await expect(reach()).rejects.toThrow('not of its origin');
    expect(server.seen.filter((one) => one.includes('/messages'))).toEqual([]);
  });

  it('may name its endpoint with its whole URL, and one that starts with two slashes', async () => {
    server.endpoint = new URL('/messages', server.url).href;
    expect(await call(await reach())).toBeDefined();
    server.endpoint = `${new URL(server.url).origin}//messages`;
    await expect(reach()).rejects.toMatchObject({ data: { httpStatus: 405 } });
    expect(server.seen).toContain('POST //messages');
  });

  it('is given up if it names none in time', async () => {
    server.endpoint = undefined;
    const clock = new FakeClock();
    const reaching = reach({ clock });
    const failed = expect(reaching).rejects.toMatchObject({ code: 'timeout' });
    while (server.streams.size === 0) await settled();
    clock.advance(10_000);
    await failed;
  });

  it('fails a call alone whose message it refuses', async () => {
    const connection = await reach();
    server.messageStatus = 503;
    await expect(call(connection)).rejects.toMatchObject({ code: 'unavailable', data: { httpStatus: 503 } });
    server.messageStatus = 202;
    expect(await call(connection)).toBeDefined();
  });

  it('is gone once it has forgotten the session', async () => {
    const connection = await reach();
    server.messageStatus = 404;
    await expect(call(connection)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await connection.closed).toContain('forgotten');
  });

  it('is gone when its stream ends, with all that runs', async () => {
    const connection = await reach();
    server.messageStatus = 200;
    const running = call(connection);
    while (server.seen.filter((one) => one.includes('/messages')).length < 3) await settled();
    server.cut();
    await expect(running).rejects.toMatchObject({ code: 'unavailable' });
    expect(await connection.closed).toContain('ended the stream');
  });
});

describe('a client of a server of 2024-11-05', () => {
  it('opens another session when the stream broke, without a probe', async () => {
    const client = await new MCPClientBuilder({ name: 'c', version: '1' }).http(server.url).build();
    const first = server.posts.length;
    server.cut();
    await client.closed;
    expect(await client.tools.call('any')).toMatchObject({ content: [{ text: 'old' }] });
    expect(server.posts).toHaveLength(first);
    await client.close();
  });

  it('finds out anew when the server has learned something', async () => {
    let post = (): void => undefined;
    const modern = await startHttp((req, res) => {
      post();
      res.writeHead(503).end();
    });
    const posted = new Promise<void>((resolve) => (post = resolve));
    const client = await new MCPClientBuilder({ name: 'c', version: '1' })
      .http(server.url, {
        fetch: (url, init) => fetch(server.getStatus === 404 ? modern.url.href : url, init),
      })
      .build();
    server.getStatus = 404;
    server.cut();
    await client.closed;
    await expect(client.tools.call('any')).rejects.toMatchObject({ code: 'unavailable' });
    await posted;
    await client.close();
    await modern.close();
  });

  it('shows its credentials at the endpoint too', async () => {
    const client = await new MCPClientBuilder({ name: 'c', version: '1' })
      .auth(bearer('secret'))
      .http(server.url)
      .build();
    expect(new Set(server.credentials)).toEqual(new Set(['Bearer secret']));
    await client.close();
  });

  it('posts side by side: a server may answer a post when it has answered the message', async () => {
    const streams = new Set<{ write(text: string): unknown }>();
    const waiting: (() => void)[] = [];
    const blocking = await startHttp((req, res) => {
      if (req.method === 'GET') {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write('event: endpoint\ndata: ?s=1\n\n');
        streams.add(res);
      } else if (!req.url?.includes('?s=1')) res.writeHead(405).end();
      else
        void once(req, 'data').then(([chunk]) => {
          const { id, method } = JSON.parse(String(chunk)) as { id?: number; method: string };
          const result =
            method === 'initialize'
              ? { protocolVersion: '2024-11-05', capabilities: { tools: {} }, serverInfo: { name: 'b', version: '1' } }
              : { content: [] };
          const answer = (): void => {
            for (const stream of streams) stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
            res.writeHead(200).end();
          };
          if (method === 'tools/call') waiting.push(answer);
          else if (id === undefined) res.writeHead(200).end();
          else answer();
          // The first is answered when the second is there.
          if (waiting.length === 2) for (const go of waiting) go();
        });
    });
    const client = await new MCPClientBuilder({ name: 'c', version: '1' }).http(blocking.url).build();
    expect(await Promise.all([client.tools.call('a'), client.tools.call('b')])).toHaveLength(2);
    await client.close();
    await blocking.close();
  });
});
