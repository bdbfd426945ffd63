import { afterEach, describe, expect, it } from 'vitest';
import { connect, createFetchClient, linkOverHttp, type Connection } from '../src/connect.ts';
import {
  createCall,
  errorReply,
  McpError,
  Payload,
  resultReply,
  streamReply,
  systemClock,
  type Call,
  type Handler,
  type Message,
} from '../src/index.ts';
import { createUndiciClient, listenHttp } from '../src/node.ts';
import { createInMemoryTransport, serveHttp } from '../src/serve.ts';
import { PushQueue, readFrame, type RequestFrame } from '../src/wire.ts';
import { settled } from './support/fake-clock.ts';
import { bytes } from './support/property.ts';
import { rawClient } from './support/raw-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function open(
  handler: Handler,
  era: 'modern' | 'legacy',
  driver: 'undici' | 'fetch' = 'undici',
): Promise<{ connection: Connection; url: string }> {
  const http = serveHttp(handler);
  const listener = await listenHttp(http.handle);
  const url = new URL(listener.url);
  const client = driver === 'undici' ? createUndiciClient(url) : createFetchClient(url);
  const connection = await connect(linkOverHttp(client, url), {
    era,
    clientInfo: { name: 'c', version: '1' },
    signal: AbortSignal.timeout(10_000),
    clock: systemClock,
  });
  cleanups.push(
    () => listener.close(),
    () => http.close(),
    () => connection.close(),
  );
  return { connection, url: listener.url };
}

const DISCOVERY = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true } },
};

/** The params of a call as a codec scans them: bytes with offsets. */
function scanned(params: string): Pick<Call, 'params' | 'target'> {
  const frame = readFrame(bytes(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)) as RequestFrame;
  return { params: frame.params.payload, target: frame.params.target };
}

describe.each([
  ['modern', 'undici'],
  ['legacy', 'undici'],
  ['modern', 'fetch'],
  ['legacy', 'fetch'],
] as const)('a handler served and connected to (%s, %s)', (era, driver) => {
  it('sees and gives the bytes that were sent: big integers, unknown members and the order of keys survive', async () => {
    let seen = '';
    const handler: Handler = async (call) => {
      if (call.method === 'server/discover') return resultReply(Payload.of(DISCOVERY));
      seen = call.params.text;
      return resultReply(Payload.json('{"resultType":"complete","content":[],"z":12345678901234567890,"1":1.0}'));
    };
    const { connection } = await open(handler, era, driver);
    const meta = JSON.stringify(createCall('x').params.value._meta);
    const call = {
      ...createCall('tools/call', {}, { progressToken: 'p' }),
      ...scanned(
        `{"name":"t","arguments":{"big":12345678901234567890,"2":0,"1":1.0},"own":1e2,"_meta":${meta.replace('}', '},"progressToken":"p"')}}`.replace(
          '}},"progressToken"',
          '},"progressToken"',
        ),
      ),
    };
    const reply = await connection.handler(call);
    expect(reply.single?.kind === 'result' && reply.single.result.text).toContain('"z":12345678901234567890,"1":1.0');
    expect(seen).toContain('"arguments":{"big":12345678901234567890,"2":0,"1":1.0},"own":1e2');
  });

  it('relays what is told on the way, and cancels upstream when nobody reads on', async () => {
    let aborted = (): void => undefined;
    const gone = new Promise<void>((resolve) => (aborted = resolve));
    const handler: Handler = async (call) => {
      if (call.method === 'server/discover') return resultReply(Payload.of(DISCOVERY));
      const queue = new PushQueue<Message>();
      call.signal.addEventListener('abort', () => {
        queue.end(new McpError('cancelled', 'x'));
        aborted();
      });
      queue.push({
        kind: 'notification',
        method: 'notifications/progress',
        params: Payload.of({ progressToken: call.progressToken, progress: 1 }),
      });
      return streamReply(queue, () => undefined);
    };
    const { connection } = await open(handler, era, driver);
    const reply = await connection.handler(createCall('tools/call', { name: 't' }, { progressToken: 'mine' }));
    const first = await reply.messages()[Symbol.asyncIterator]().next();
    expect((first.value as Message & { kind: 'notification' }).params.value).toEqual({
      progressToken: 'mine',
      progress: 1,
    });
    reply.cancel();
    expect(await reply.done).toBe('cancelled');
    // Legacy HTTP has no cancellation by disconnect: the session ends it.
    if (era === 'legacy') await connection.close();
    await gone;
  });

  it('hears of changes', async () => {
    const changes = new PushQueue<Message>();
    const handler: Handler = async (call) => {
      if (call.method === 'server/discover') return resultReply(Payload.of(DISCOVERY));
      call.signal.addEventListener('abort', () => changes.end());
      return streamReply(changes, () => undefined);
    };
    changes.push({
      kind: 'notification',
      method: 'notifications/subscriptions/acknowledged',
      params: Payload.of({ notifications: { toolsListChanged: true } }),
    });
    const { connection } = await open(handler, era, driver);
    const abort = new AbortController();
    const reply = await connection.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }, { signal: abort.signal }),
    );
    const messages = reply.messages()[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    changes.push({ kind: 'notification', method: 'notifications/tools/list_changed', params: Payload.of({}) });
    expect((await messages.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' });
    abort.abort();
  });
});

describe('a handler that does not tell of changes', () => {
  it.each<[string, Handler]>([
    ['by throwing', () => Promise.reject(new McpError('method_not_found', 'x'))],
    ['by an error', () => Promise.resolve(errorReply(new McpError('method_not_found', 'x')))],
  ])('has no GET stream: 405 (%s)', async (_, refuse) => {
    const { connection, url } = await open(
      (call) =>
        call.method === 'server/discover' ? Promise.resolve(resultReply(Payload.of(DISCOVERY))) : refuse(call),
      'legacy',
    );
    const reply = await connection.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }),
    );
    const first = await reply.messages()[Symbol.asyncIterator]().next();
    expect((first.value as Message & { kind: 'notification' }).params.value).toEqual({ notifications: {} });
    const send = rawClient(url);
    const initialize = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', clientInfo: { name: 'c' } },
    });
    const opened = await send({ headers: { 'content-type': 'application/json' }, body: initialize });
    expect(
      (await send({ method: 'GET', headers: { 'mcp-session-id': String(opened.headers['mcp-session-id']) } })).status,
    ).toBe(405);
    await send.close();
  });

  it('refuses a session when it cannot say what it is', async () => {
    await expect(
      open(() => Promise.resolve(errorReply(new McpError('unavailable', 'asleep'))), 'legacy'),
    ).rejects.toThrow(/refused to initialize: asleep|answered HTTP 502/);
  });
});

describe('a slow reader', () => {
  it('gets a stream that is larger than any buffer, whole', async () => {
    const big = 'x'.repeat(256 * 1024);
    const handler: Handler = async (call) => {
      if (call.method === 'server/discover') return resultReply(Payload.of(DISCOVERY));
      const queue = new PushQueue<Message>();
      for (let n = 0; n < 40; n++)
        queue.push({ kind: 'notification', method: 'notifications/message', params: Payload.of({ n, data: big }) });
      queue.push({ kind: 'result', result: Payload.of({ resultType: 'complete' }) });
      queue.end();
      return streamReply(queue, () => undefined);
    };
    const { connection } = await open(handler, 'modern');
    const reply = await connection.handler(createCall('tools/call', { name: 't' }, { logLevel: 'debug' }));
    let seen = 0;
    for await (const message of reply.messages()) {
      if (message.kind === 'notification') expect(message.params.value.n).toBe(seen++);
      if (seen % 8 === 0) await settled();
    }
    expect(seen).toBe(40);
    expect(await reply.done).toBe('complete');
  });
});

describe('the in-memory transport', () => {
  it('is silent once it is closed', async () => {
    let calls = 0;
    const transport = createInMemoryTransport(() => (calls++, Promise.resolve(resultReply(Payload.of({})))));
    let closes = 0;
    transport.onclose = () => {
      closes++;
    };
    await transport.start();
    await transport.close();
    await transport.close();
    const { params } = createCall('x');
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'x', params: params.value });
    await settled();
    expect([calls, closes]).toEqual([0, 1]);
  });
});
