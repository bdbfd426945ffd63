import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  channelToOfficial,
  connect,
  createFetchClient,
  isOfficialServer,
  linkOverChannel,
  linkOverHttp,
  type Connection,
  type Link,
} from '../src/connect.ts';
import { createCall, systemClock, type Message, type Reply } from '../src/index.ts';
import { channelOverStreams, createUndiciClient } from '../src/node.ts';
import { startHttp, type TestHttpServer } from './support/http-server.ts';
import { v1Server, v2Server } from './support/official-servers.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function startChild(kind: string): Link {
  const script = fileURLToPath(new URL('./support/official-stdio.ts', import.meta.url));
  const cwd = fileURLToPath(new URL('../../../', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, kind], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  if (!child.stdout || !child.stdin) throw new Error('no pipes');
  return linkOverChannel(channelOverStreams({ input: child.stdout, output: child.stdin }), kind);
}

/** An official v1 server with sessions, as its documentation shows it; `expire` forgets them all. */
async function startV1Http(): Promise<
  TestHttpServer & { expire: () => void; sessions: () => number; streams: () => number }
> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let opened = 0;
  let streams = 0;
  const server = await startHttp((req, res) => {
    void (async () => {
      if (req.method === 'GET') streams++;
      const id = req.headers['mcp-session-id'];
      let transport = typeof id === 'string' ? sessions.get(id) : undefined;
      if (!transport && id !== undefined) {
        res
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
        return;
      }
      if (!transport) {
        const created = new StreamableHTTPServerTransport({
          sessionIdGenerator: () => randomUUID(),
          onsessioninitialized: (sessionId) => {
            opened++;
            sessions.set(sessionId, created);
          },
        });
        await v1Server().connect(created);
        transport = created;
      }
      await transport.handleRequest(req, res);
    })();
  });
  cleanups.push(() => server.close());
  return { ...server, expire: () => sessions.clear(), sessions: () => opened, streams: () => streams };
}

async function startV2Http(): Promise<TestHttpServer> {
  const handler = createMcpHandler(() => v2Server());
  const server = await startHttp((req, res) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      const headers = Object.entries(req.headers).map(([name, value]): [string, string] => [name, String(value)]);
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
      const response = await handler.fetch(
        new Request(`http://127.0.0.1${req.url}`, {
          method: req.method ?? 'GET',
          headers,
          signal: gone.signal,
          ...body,
        }),
      );
      res.writeHead(response.status, Object.fromEntries(response.headers));
      res.flushHeaders();
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) res.write(chunk);
      res.end();
    })().catch(() => res.destroy());
  });
  cleanups.push(() => server.close());
  return server;
}

const open = async (link: Link): Promise<Connection> => {
  const connection = await connect(link, {
    clientInfo: { name: 'gw', version: '1' },
    signal: AbortSignal.timeout(15_000),
    clock: systemClock,
  });
  cleanups.push(() => connection.close());
  return connection;
};

const PARTNERS: [string, 'modern' | 'legacy', string, () => Promise<Link> | Link][] = [
  [
    'v2 over HTTP (undici)',
    'modern',
    'official-v2',
    async () => ((server) => linkOverHttp(createUndiciClient(server.url), server.url))(await startV2Http()),
  ],
  [
    'v2 over HTTP (fetch)',
    'modern',
    'official-v2',
    async () => ((server) => linkOverHttp(createFetchClient(server.url), server.url))(await startV2Http()),
  ],
  [
    'v1 over HTTP (undici)',
    'legacy',
    'official-v1',
    async () => ((server) => linkOverHttp(createUndiciClient(server.url), server.url))(await startV1Http()),
  ],
  [
    'v1 over HTTP (fetch)',
    'legacy',
    'official-v1',
    async () => ((server) => linkOverHttp(createFetchClient(server.url), server.url))(await startV1Http()),
  ],
  ['v2 over stdio, both eras', 'modern', 'official-v2', () => startChild('v2-modern')],
  ['v2 over stdio, legacy transport', 'legacy', 'official-v2', () => startChild('v2')],
  ['v1 over stdio', 'legacy', 'official-v1', () => startChild('v1')],
  ['v2 in process', 'legacy', 'official-v2', () => linkOverChannel(channelToOfficial(v2Server()), 'v2')],
  ['v1 in process', 'legacy', 'official-v1', () => linkOverChannel(channelToOfficial(v1Server()), 'v1')],
];

const namesOf = async (connection: Connection): Promise<string[]> => {
  const { tools } = await (await connection.handler(createCall('tools/list'))).result();
  return (tools as { name: string }[]).map(({ name }) => name);
};

describe.each(PARTNERS)('the official server %s', (...[, era, name, link]) => {
  it('is a handler', async () => {
    const connection = await open(await link());
    expect(connection).toMatchObject({
      era,
      server: { serverInfo: { name }, capabilities: { tools: {}, resources: {} } },
    });
    expect(await namesOf(connection)).toEqual(['echo', 'grow']);
    const call = (name: string, args: object): Promise<Reply> =>
      connection.handler(createCall('tools/call', { name, arguments: args }));
    expect(await (await call('echo', { text: 'é' })).result()).toMatchObject({
      resultType: 'complete',
      content: [{ type: 'text', text: 'é' }],
    });
    expect(await (await connection.handler(createCall('resources/read', { uri: 'demo://r' }))).result()).toMatchObject({
      resultType: 'complete',
      contents: [{ text: 'r' }],
    });
    await expect(
      (await connection.handler(createCall('resources/read', { uri: 'demo://no' }))).result(),
    ).rejects.toMatchObject({ rpc: { code: -32602 } });
    await connection.ping(AbortSignal.timeout(5_000));
  });

  it('is still there after a call that nobody waited for', async () => {
    const connection = await open(await link());
    const abort = new AbortController();
    const given = connection.handler(
      createCall('tools/call', { name: 'echo', arguments: { text: 'x' } }, { signal: abort.signal }),
    );
    abort.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    expect(await namesOf(connection)).toEqual(['echo', 'grow']);
  });
});

const nextOf = async (messages: AsyncIterator<Message>): Promise<unknown> => {
  const { value } = (await messages.next()) as { value: Message };
  return value.kind === 'notification' ? [value.method, value.params.value] : value.kind;
};

describe('a change of a legacy server reaches a listener', () => {
  it.each(PARTNERS.filter(([, era]) => era === 'legacy'))('%s', async (...[, , , link]) => {
    const connection = await open(await link());
    const abort = new AbortController();
    const reply = await connection.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }, { signal: abort.signal }),
    );
    const messages = reply.messages()[Symbol.asyncIterator]();
    expect(await nextOf(messages)).toEqual([
      'notifications/subscriptions/acknowledged',
      { notifications: { toolsListChanged: true } },
    ]);
    await (await connection.handler(createCall('tools/call', { name: 'grow', arguments: {} }))).result();
    expect(await nextOf(messages)).toEqual(['notifications/tools/list_changed', {}]);
    expect(await namesOf(connection)).toEqual(['echo', 'grow', 'grown']);
    abort.abort();
    await messages.next();
    await reply.done;
  });
});

describe('a change of a modern server', () => {
  it('reaches a listener on stdio', async () => {
    const connection = await open(startChild('v2-modern'));
    const abort = new AbortController();
    const reply = await connection.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }, { signal: abort.signal }),
    );
    const messages = reply.messages()[Symbol.asyncIterator]();
    expect(await nextOf(messages)).toMatchObject([
      'notifications/subscriptions/acknowledged',
      { notifications: { toolsListChanged: true } },
    ]);
    await (await connection.handler(createCall('tools/call', { name: 'grow', arguments: {} }))).result();
    expect(await nextOf(messages)).toMatchObject(['notifications/tools/list_changed', {}]);
    abort.abort();
  });
});

describe('a session that expired at an official v1 server', () => {
  it('is opened again, and the call is answered', async () => {
    const server = await startV1Http();
    const connection = await open(linkOverHttp(createUndiciClient(server.url), server.url));
    server.expire();
    const calls = await Promise.all([namesOf(connection), namesOf(connection)]);
    expect(calls).toEqual([
      ['echo', 'grow'],
      ['echo', 'grow'],
    ]);
    expect(server.sessions()).toBe(2);
  });
});

describe('isOfficialServer', () => {
  it.each([
    [v1Server(), true],
    [v2Server(), true],
    [{}, false],
    [null, false],
    [{ connect: 1, close: 2 }, false],
    [{ connect() {} }, false],
  ])('knows one by its shape (%#)', (value, expected) => {
    expect(isOfficialServer(value)).toBe(expected);
  });
});
