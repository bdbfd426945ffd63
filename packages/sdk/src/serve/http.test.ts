import { describe, expect, it } from 'vitest';
import { deferred, FakeClock, settled } from '../../test/support/fake-clock.ts';
import { modern } from '../../test/support/raw-http.ts';
import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import type { Fact } from '../core/telemetry.ts';
import { PushQueue } from '../wire/queue.ts';
import type { EdgeOptions } from './edge.ts';
import { toFetch } from './fetch.ts';
import { serveHttp } from './http.ts';

const done = (): Reply => resultReply(Payload.of<JsonObject>({ resultType: 'complete' }));
const JSON_TYPE = { 'content-type': 'application/json' };
const request = (id: unknown, method: string, params: object = {}): object => ({ jsonrpc: '2.0', id, method, params });

interface Endpoint {
  send(message: unknown, headers?: Record<string, string>): Promise<Response>;
  get(headers: Record<string, string>, init?: RequestInit): Promise<Response>;
  /** Opens a session and returns the headers that name it. */
  open(version?: string, headers?: Record<string, string>): Promise<Record<string, string>>;
}

function endpoint(handler: Handler, options: EdgeOptions = {}): Endpoint {
  const serve = toFetch(serveHttp(handler, options).handle);
  const url = 'http://localhost/mcp';
  const send: Endpoint['send'] = (message, headers = {}) =>
    serve(new Request(url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(message) }));
  return {
    send,
    get: (headers, init = {}) => serve(new Request(url, { method: 'GET', headers, ...init })),
    async open(version = '2025-03-26', headers = {}) {
      const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'c', version: '1' } };
      const response = await send(request(0, 'initialize', params), headers);
      return { ...headers, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
    },
  };
}

describe('the principal of a legacy call', () => {
  const scopesSeen: (string[] | undefined)[] = [];
  const handler: Handler = (call) => {
    if (call.method !== 'server/discover') scopesSeen.push(call.principal ? [...call.principal.scopes] : undefined);
    return Promise.resolve(call.method === 'subscriptions/listen' ? streamReply(ended(), () => undefined) : done());
  };
  const ended = (): PushQueue<Message> => {
    const queue = new PushQueue<Message>();
    queue.end();
    return queue;
  };

  it('is the one of its request, not of the first', async () => {
    const { open, send, get } = endpoint(handler, {
      authenticate: (header) => ({ subject: 'ann', scopes: new Set((header('x-scopes') ?? '').split(',')) }),
    });
    const session = await open('2025-03-26', { 'x-scopes': 'admin,read' });
    const now = { ...session, 'x-scopes': 'read' };
    await (await send(request(1, 'tools/list'), now)).text();
    await (await send([request(2, 'tools/list')], now)).text();
    await (await get(now)).text();
    expect(scopesSeen).toEqual([['read'], ['read'], ['read']]);
  });
});

describe('a batch', () => {
  it('has at most 100 messages', async () => {
    const { open, send } = endpoint(() => Promise.resolve(done()));
    const session = await open();
    const pings = (count: number): object[] => Array.from({ length: count }, (_, id) => request(id, 'ping'));
    expect(await (await send(pings(100), session)).json()).toHaveLength(100);
    const refused = await send(pings(101), session);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: -32600 } }]);
  });

  it('has no answer to a call that was cancelled', async () => {
    const handler: Handler = (call) =>
      call.method !== 'slow'
        ? Promise.resolve(done())
        : new Promise((_, reject) =>
            call.signal.addEventListener('abort', () => reject(McpError.from(call.signal.reason))),
          );
    const { open, send } = endpoint(handler);
    const session = await open();
    const answer = send([request(5, 'slow'), request(6, 'ping')], session);
    await settled();
    await send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } }, session);
    expect(await (await answer).json()).toEqual([{ jsonrpc: '2.0', id: 6, result: {} }]);
  });
});

describe('a GET stream', () => {
  /** Subscribes after a while, and does not look at a signal that was aborted before. */
  function slowToListen(): { handler: Handler; subscribe: () => void; cancelled: () => number; listens: () => number } {
    const gate = deferred();
    let [cancelled, listens] = [0, 0];
    const listen = async (call: Call): Promise<Reply> => {
      const queue = new PushQueue<Message>();
      listens++;
      await gate.promise;
      call.signal.addEventListener('abort', () => queue.end());
      return streamReply(queue, () => cancelled++);
    };
    return {
      handler: (call) => (call.method === 'subscriptions/listen' ? listen(call) : Promise.resolve(done())),
      subscribe: gate.resolve,
      cancelled: () => cancelled,
      listens: () => listens,
    };
  }

  it('ends when its peer has gone while it was opened', async () => {
    const clock = new FakeClock();
    const { handler, subscribe, cancelled } = slowToListen();
    const { open, get } = endpoint(handler, { clock });
    const peer = new AbortController();
    const session = await open();
    const before = clock.waiting;
    const opening = get(session, { signal: peer.signal });
    await settled();
    peer.abort();
    subscribe();
    await (await opening).text();
    expect([cancelled(), clock.waiting]).toEqual([1, before]);
  });

  it('is not opened when its peer has gone before', async () => {
    const peer = new AbortController();
    const { handler, listens } = slowToListen();
    const { open, get } = endpoint(handler, { authenticate: () => (peer.abort(), null) });
    await (await get(await open(), { signal: peer.signal })).text();
    expect(listens()).toBe(0);
  });

  it.each(['GET', 'DELETE'])('of the modern era is none: %s', async (method) => {
    const { get } = endpoint(() => Promise.resolve(done()));
    const response = await get({ 'mcp-protocol-version': '2026-07-28' }, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, expect.stringMatching(/^POST/)]);
  });
});

describe('a handler that fails of itself', () => {
  const secret = new Error('disk on fire');
  const CALL = modern('tools/list');

  it('is told once, with its cause, and not to the caller', async () => {
    const facts: Fact[] = [];
    const failing: Handler = (call) =>
      call.method === 'server/discover' ? Promise.resolve(done()) : Promise.reject(secret);
    const { open, send } = endpoint(failing, { telemetry: { record: (fact) => facts.push(fact) } });
    const told = {
      name: 'call.failed',
      severity: 'error',
      fields: { method: 'tools/list', message: 'disk on fire', stack: expect.stringContaining('at ') as string },
    };
    const response = await send(CALL.message, CALL.headers);
    expect([response.status, (await response.text()).includes('fire')]).toEqual([500, false]);
    expect(facts).toEqual([told]);
    expect(await (await send(request(1, 'tools/list'), await open())).text()).not.toContain('fire');
    expect(facts).toEqual([told, told]);
  });

  it('is told once when it fails at initialize', async () => {
    const facts: Fact[] = [];
    const { open } = endpoint(() => Promise.reject(secret), { telemetry: { record: (fact) => facts.push(fact) } });
    expect(await open()).toEqual({ 'mcp-session-id': '' });
    expect(facts.map(({ name }) => name)).toEqual(['call.failed']);
  });

  it('is not told of what it answers, nor of a failure that has no cause', async () => {
    const facts: Fact[] = [];
    const record = (fact: Fact): void => void facts.push(fact);
    for (const error of [new McpError('not_found', 'x'), new McpError('internal', 'x')])
      await endpoint(() => Promise.reject(error), { telemetry: { record } }).send(CALL.message, CALL.headers);
    expect(facts).toEqual([]);
  });

  it('answers the request also when what its error carries along is no JSON', async () => {
    const error = new McpError('not_found', 'x', { data: { size: 1n } });
    const response = await endpoint(() => Promise.reject(error)).send(CALL.message, CALL.headers);
    expect([response.status, await response.json()]).toEqual([
      500,
      expect.objectContaining({ id: CALL.message.id, error: expect.objectContaining({ code: -32603 }) as object }),
    ]);
  });
});
