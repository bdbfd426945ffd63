import { afterEach, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { FakeChannel } from '../../test/support/fake-peers.ts';
import { startHttp } from '../../test/support/http-server.ts';
import { createCall } from '../core/call.ts';
import { systemClock } from '../core/clock.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Era } from '../core/protocol.ts';
import { linkOverChannel } from './channel-link.ts';
import { connect } from './connect.ts';
import type { Connection, ConnectOptions } from './connection.ts';
import { createFetchClient } from './fetch-client.ts';
import { linkOverHttp } from './http-link.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const CAPABILITIES = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} };

const OPTIONS: ConnectOptions = {
  clientInfo: { name: 'c', version: '1' },
  signal: new AbortController().signal,
  clock: systemClock,
  era: 'legacy',
};

/** A legacy server on a pipe; `answer` gives the member of each response. */
async function onPipe(
  answer: (message: JsonObject) => JsonObject | undefined,
  options: Partial<ConnectOptions> = {},
): Promise<{ connection: Connection; channel: FakeChannel }> {
  const channel = new FakeChannel();
  channel.onSend = (message) => {
    if (message.id === undefined || message.method === undefined) return;
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: CAPABILITIES,
      serverInfo: { name: 's', version: '1' },
    };
    const member = message.method === 'initialize' ? { result } : answer(message);
    if (member) queueMicrotask(() => channel.receive({ jsonrpc: '2.0', id: message.id, ...member }));
  };
  const connection = await connect(linkOverChannel(channel, 'child'), {
    ...OPTIONS,
    clock: new FakeClock(),
    ...options,
  });
  return { connection, channel };
}

it('a server that takes back its question ends no call that has the same id', async () => {
  let asked: AbortSignal | undefined;
  const { connection, channel } = await onPipe(() => undefined, {
    answer: ({ signal }) => {
      asked = signal;
      return new Promise(() => undefined);
    },
  });
  const call = connection.handler(createCall('tools/call', { name: 't' }));
  await settled();
  const id = channel.sent.at(-1)?.id;
  channel.receive({ jsonrpc: '2.0', id, method: 'elicitation/create', params: {} });
  channel.receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
  expect(asked?.aborted).toBe(true);
  channel.receive({ jsonrpc: '2.0', id, result: { content: [] } });
  expect(await (await call).result()).toMatchObject({ content: [] });
});

const PAGE = { mode: 'url', url: 'https://pay.example/1', message: 'Pay first', elicitationId: 'e1' };
const REQUIRED = { error: { code: -32042, message: 'pay', data: { elicitations: [PAGE] } } };
const CAN_SHOW = { clientCapabilities: { elicitation: { url: {} } } };

it('pages that a legacy server wants opened become questions, and the retry goes without answers', async () => {
  const sent: unknown[] = [];
  const { connection } = await onPipe(({ params }) => {
    sent.push(params);
    return sent.length === 1 ? REQUIRED : { result: { content: [] } };
  });
  const call = createCall('tools/call', { name: 't' }, CAN_SHOW);
  const first = await (await connection.handler(call)).result();
  expect(first).toMatchObject({
    resultType: 'input_required',
    inputRequests: { 'url-1': { method: 'elicitation/create', params: { mode: 'url', url: PAGE.url } } },
  });
  const retry = createCall('tools/call', { name: 't', inputResponses: { 'url-1': { action: 'accept' } } }, CAN_SHOW);
  expect(await (await connection.handler(retry)).result()).toMatchObject({ resultType: 'complete' });
  expect(sent).toEqual([
    { name: 't', _meta: {} },
    { name: 't', _meta: {} },
  ]);
});

it('a page that the user refuses is not asked for again: a failed tool, an error elsewhere and in the legacy era', async () => {
  const { connection, channel } = await onPipe(() => REQUIRED);
  const retry = async (method: string, era: Era = 'modern'): Promise<JsonObject> => {
    const params = { name: 't', inputResponses: { 'url-1': { action: 'decline' } } };
    return (await connection.handler({ ...createCall(method, params, CAN_SHOW), era })).result();
  };
  expect(await retry('tools/call')).toMatchObject({ resultType: 'complete', isError: true });
  await expect(retry('prompts/get')).rejects.toMatchObject({ rpc: { code: -32603 } });
  await expect(retry('tools/call', 'legacy')).rejects.toMatchObject({ rpc: { code: -32042 } });
  expect(channel.sent.map(({ method }) => method)).not.toContain('tools/call');
});

it('a caller that shows no pages learns what it lacks; a legacy one gets the error as it is', async () => {
  const { connection } = await onPipe(() => REQUIRED);
  const call = createCall('tools/call', { name: 't' });
  const requiredCapabilities = { elicitation: { url: {} } };
  await expect((await connection.handler(call)).result()).rejects.toMatchObject({
    rpc: { code: -32021, message: 'pay', data: { requiredCapabilities } },
  });
  const legacy = await connection.handler({ ...call, era: 'legacy' });
  await expect(legacy.result()).rejects.toMatchObject({ rpc: REQUIRED.error });
});

interface Exchange {
  readonly method: string;
  readonly session: string;
  readonly lastEventId: string | undefined;
  readonly rpc: JsonObject;
}

/** A legacy server over HTTP whose test answers; it gives each `initialize` a new session. */
async function overHttp(answer: (exchange: Exchange) => { status?: number; type?: string; body: string }) {
  const seen: Exchange[] = [];
  let sessions = 0;
  const http = await startHttp((req, res) => {
    void (async () => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      const parsed: unknown = body === '' ? {} : JSON.parse(body);
      const rpc = isJsonObject(parsed) ? parsed : {};
      const header = (name: string) => req.headers[name]?.toString();
      const exchange = {
        method: req.method ?? '',
        session: header('mcp-session-id') ?? '',
        lastEventId: header('last-event-id'),
        rpc,
      };
      seen.push(exchange);
      if (rpc.method === 'initialize') {
        const result = {
          protocolVersion: '2025-11-25',
          capabilities: CAPABILITIES,
          serverInfo: { name: 's', version: '1' },
        };
        res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': `s${++sessions}` });
        res.end(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result }));
        return;
      }
      if (req.method === 'DELETE' || String(rpc.method).startsWith('notifications/')) {
        res.writeHead(202).end();
        return;
      }
      const { status = 200, type = 'application/json', body: text } = answer(exchange);
      res.writeHead(status, { 'content-type': type });
      res.end(text);
    })();
  });
  open.push(http);
  const link = linkOverHttp(createFetchClient(http.url), http.url);
  const connection = await connect(link, OPTIONS);
  open.push(connection);
  return { connection, seen };
}

const SSE = 'text/event-stream';
const result = (id: unknown, value: JsonObject = { content: [] }) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: value });

it('a stream that breaks after a priming event is taken up where it was left', async () => {
  let id: unknown;
  const { connection, seen } = await overHttp(({ method, lastEventId, rpc }) => {
    if (method === 'POST') {
      id = rpc.id;
      return { type: SSE, body: 'id: e1\nretry: 1\ndata: \n\n' };
    }
    if (lastEventId === 'e1') return { type: SSE, body: 'id: e2\ndata: \n\n' };
    return { type: SSE, body: `id: e3\ndata: ${result(id)}\n\n` };
  });
  const reply = await connection.handler(createCall('tools/call', { name: 't' }));
  expect(await reply.result()).toMatchObject({ content: [] });
  expect(seen.filter(({ method }) => method === 'GET').map(({ lastEventId }) => lastEventId)).toEqual(['e1', 'e2']);
  expect(seen.filter(({ rpc }) => rpc.method === 'tools/call')).toHaveLength(1);
});

it('a stream that never says more is given up', async () => {
  const { connection, seen } = await overHttp(() => ({ type: SSE, body: 'id: e1\nretry: 1\ndata: \n\n' }));
  await expect(connection.handler(createCall('tools/call', { name: 't' }))).rejects.toMatchObject({
    code: 'unavailable',
  });
  expect(seen.filter(({ method }) => method === 'GET')).toHaveLength(5);
});

it('a stream without ids that breaks is not asked for again', async () => {
  const { connection, seen } = await overHttp(() => ({ type: SSE, body: ': nothing\n\n' }));
  await expect(connection.handler(createCall('tools/call', { name: 't' }))).rejects.toMatchObject({
    code: 'unavailable',
  });
  expect(seen.some(({ method }) => method === 'GET')).toBe(false);
});

it('a session that expired is opened anew, with its level, and what listened to the old one ends', async () => {
  const expired = new Set<string>();
  const { connection, seen } = await overHttp(({ method, session, rpc }) => {
    if (expired.has(session)) return { status: 404, body: '' };
    if (method === 'GET') return { type: SSE, body: '' };
    return { body: result(rpc.id) };
  });
  const listening = await connection.handler(
    createCall('subscriptions/listen', { notifications: { resourceSubscriptions: ['a:1'] } }),
  );
  const messages = listening.messages()[Symbol.asyncIterator]();
  expect((await messages.next()).value).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
  const call = () => connection.handler(createCall('tools/call', { name: 't' }, { logLevel: 'debug' }));
  await call();
  expired.add('s1');
  await call();
  await call();
  expect((await messages.next()).done).toBe(true);
  const posts = seen
    .filter(({ method }) => method === 'POST')
    .map(({ session, rpc }) => `${session} ${String(rpc.method)}`);
  expect(posts.filter((post) => post.endsWith('setLevel'))).toEqual(['s1 logging/setLevel', 's2 logging/setLevel']);
});
