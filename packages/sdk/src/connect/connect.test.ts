import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import {
  discovered,
  fail,
  FakeChannel,
  FakeEvents,
  FakeHttpClient,
  initialized,
  ok,
  type FakeAnswer,
  type FakeRequest,
} from '../../test/support/fake-peers.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { META, MODERN_VERSION } from '../core/protocol.ts';
import type { JsonObject } from '../core/json.ts';
import { linkOverChannel } from './channel-link.ts';
import { connect } from './connect.ts';
import type { Connection, ConnectOptions } from './connection.ts';
import { EraVerdict } from './era-verdict.ts';
import { linkOverHttp } from './http-link.ts';

const options = (more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  clientInfo: { name: 'gw', version: '1' },
  signal: new AbortController().signal,
  clock: new FakeClock(),
  ...more,
});

/** A server that answers the probe with `probe` and anything legacy as a legacy server would. */
const dual = (probe: (request: FakeRequest) => FakeAnswer) =>
  new FakeHttpClient((request) => {
    if (request.message.method === 'server/discover') return probe(request);
    if (request.message.method === 'initialize')
      return { json: initialized(request.message), headers: { 'mcp-session-id': 's1' } };
    return { status: 202 };
  });

const outcomeOf = (connecting: Promise<Connection>): Promise<string> =>
  connecting.then(
    (connection) => connection.era,
    (thrown: unknown) => McpError.from(thrown).code,
  );

describe('the era probe over HTTP', () => {
  it.each<[string, (request: FakeRequest) => FakeAnswer, string]>([
    ['a discovery result', ({ message }) => ({ json: discovered(message) }), 'modern'],
    [
      'a discovery result as an event',
      ({ message }) => ({ events: new FakeEvents().event(discovered(message)).done() }),
      'modern',
    ],
    ['a result of something else', ({ message }) => ({ json: ok(message, {}) }), 'legacy'],
    [
      'a result without a common version',
      ({ message }) => ({ json: ok(message, { supportedVersions: ['2030-01-01'] }) }),
      'unsupported_protocol_version',
    ],
    [
      '-32022 with a legacy version',
      ({ message }) => ({ status: 400, json: fail(message, -32022, { supported: ['2030-01-01', '2025-11-25'] }) }),
      'legacy',
    ],
    [
      '-32022 without a common version',
      ({ message }) => ({ status: 400, json: fail(message, -32022, { supported: ['2030-01-01'] }) }),
      'unsupported_protocol_version',
    ],
    [
      '-32022 without data',
      ({ message }) => ({ status: 400, json: fail(message, -32022) }),
      'unsupported_protocol_version',
    ],
    [
      '-32022 with this very version, time and again',
      ({ message }) => ({ status: 400, json: fail(message, -32022, { supported: ['2026-07-28'] }) }),
      'unsupported_protocol_version',
    ],
    ['-32020: a modern error', ({ message }) => ({ status: 400, json: fail(message, -32020) }), 'unavailable'],
    ['-32021: a modern error', ({ message }) => ({ status: 400, json: fail(message, -32021) }), 'unavailable'],
    ['-32601', ({ message }) => ({ json: fail(message, -32601) }), 'legacy'],
    ['-32601 with 404', ({ message }) => ({ status: 404, json: fail(message, -32601) }), 'legacy'],
    ['-32602', ({ message }) => ({ json: fail(message, -32602) }), 'legacy'],
    [
      '-32000 with 400',
      () => ({ status: 400, json: { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'no session' } } }),
      'legacy',
    ],
    ['400 with an empty body', () => ({ status: 400 }), 'legacy'],
    ['400 with a page', () => ({ status: 400, text: '<html>' }), 'legacy'],
    ['404', () => ({ status: 404, text: 'Not found' }), 'legacy'],
    ['405', () => ({ status: 405 }), 'legacy'],
    ['401', () => ({ status: 401, json: { error: 'invalid_token' } }), 'unavailable'],
    ['401 with a JSON-RPC body', ({ message }) => ({ status: 401, json: fail(message, -32600) }), 'unavailable'],
    ['403', () => ({ status: 403 }), 'unavailable'],
    ['403 with a JSON-RPC body', ({ message }) => ({ status: 403, json: fail(message, -32600) }), 'unavailable'],
    ['429', () => ({ status: 429 }), 'unavailable'],
    ['429 with a JSON-RPC body', ({ message }) => ({ status: 429, json: fail(message, -32600) }), 'unavailable'],
    ['500', () => ({ status: 500 }), 'unavailable'],
    ['503 with a JSON-RPC body', ({ message }) => ({ status: 503, json: fail(message, -32603) }), 'unavailable'],
    ['200 with no JSON-RPC message', () => ({ text: 'hello' }), 'unavailable'],
    ['a stream that ends at once', () => ({ events: new FakeEvents().done() }), 'unavailable'],
    ['an event that is no message', () => ({ events: new FakeEvents().event('nonsense').done() }), 'unavailable'],
    [
      'an outage',
      () => {
        throw new McpError('unavailable', 'refused');
      },
      'unavailable',
    ],
  ])('answered by %s', async (_, probe, outcome) => {
    const client = dual(probe);
    expect(await outcomeOf(connect(linkOverHttp(client, new URL('http://up.example/mcp')), options()))).toBe(outcome);
  });

  it('asks once more when a server refuses the version that it says it speaks', async () => {
    let refusals = 1;
    const client = dual(({ message }) =>
      refusals-- > 0
        ? { status: 400, json: fail(message, -32022, { supported: ['2026-07-28'] }) }
        : { json: discovered(message) },
    );
    expect(await outcomeOf(connect(linkOverHttp(client, new URL('http://up.example/mcp')), options()))).toBe('modern');
    expect(client.requests).toHaveLength(2);
  });

  it('takes silence for an outage: only the caller gives up', async () => {
    const abort = new AbortController();
    const clock = new FakeClock();
    const client = new FakeHttpClient(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(McpError.from(signal.reason)));
        }),
    );
    const outcome = outcomeOf(
      connect(linkOverHttp(client, new URL('http://up.example/')), options({ clock, signal: abort.signal })),
    );
    clock.advance(60_000);
    await settled();
    expect(client.requests).toHaveLength(1);
    abort.abort(new McpError('timeout', 'x'));
    expect(await outcome).toBe('timeout');
  });

  it('names no credential of the URL in what it says', async () => {
    const connecting = connect(
      linkOverHttp(
        dual(() => ({ status: 500 })),
        new URL('http://user:secret@up.example/mcp?key=secret'),
      ),
      options(),
    );
    await expect(connecting).rejects.toThrow(/^(?!.*secret).*http:\/\/up\.example /);
  });
});

describe('the era probe over a channel', () => {
  it('takes silence for legacy', async () => {
    const clock = new FakeClock();
    const channel = new FakeChannel();
    channel.onSend = (message) => {
      if (message.method === 'initialize') channel.receive(initialized(message));
    };
    const connecting = connect(linkOverChannel(channel, 'child'), options({ clock, probeTimeoutMs: 50 }));
    await settled();
    clock.advance(49);
    await settled();
    expect(channel.sentAs('initialize')).toHaveLength(0);
    clock.advance(1);
    expect((await connecting).era).toBe('legacy');
    expect(clock.waiting).toBe(0);
  });

  it.each([
    [-32601, 'legacy'],
    [-32602, 'legacy'],
    [-32600, 'legacy'],
    [-32020, 'unavailable'],
  ])('takes error %d for %s', async (code, outcome) => {
    const channel = new FakeChannel();
    channel.onSend = (message) => {
      if (message.method === 'server/discover') channel.receive(fail(message, code));
      if (message.method === 'initialize') channel.receive(initialized(message));
    };
    expect(await outcomeOf(connect(linkOverChannel(channel, 'child'), options()))).toBe(outcome);
  });

  it('fails when the caller gives up or the child dies', async () => {
    const channel = new FakeChannel();
    const abort = new AbortController();
    const connecting = outcomeOf(connect(linkOverChannel(channel, 'child'), options({ signal: abort.signal })));
    abort.abort(new McpError('cancelled', 'x'));
    expect(await connecting).toBe('cancelled');
    const dying = outcomeOf(connect(linkOverChannel(channel, 'child'), options()));
    channel.lose('exit 1');
    expect(await dying).toBe('unavailable');
  });
});

describe('a server on a pipe that is slow to start', () => {
  /** It answers all it was asked when it is up. */
  async function startSlowly(answer: (method: unknown, message: JsonObject) => JsonObject) {
    const clock = new FakeClock();
    const channel = new FakeChannel();
    const verdict = new EraVerdict(clock);
    const connecting = connect(linkOverChannel(channel, 'child'), options({ clock, verdict }));
    await settled();
    clock.advance(5_000);
    await settled();
    for (const message of [...channel.sent]) channel.receive(answer(message.method, message));
    return { connecting, verdict };
  }

  it('is modern if it is nothing else', async () => {
    const { connecting, verdict } = await startSlowly((method, message) =>
      method === 'server/discover' ? discovered(message) : fail(message, -32601),
    );
    expect((await connecting).era).toBe('modern');
    expect(verdict.era).toBe('modern');
  });

  it('is asked again the next time if it is both', async () => {
    const { connecting, verdict } = await startSlowly((method, message) =>
      method === 'server/discover' ? discovered(message) : initialized(message),
    );
    expect((await connecting).era).toBe('legacy');
    expect(verdict.era).toBe('modern');
  });

  it('is legacy if it says so, which is remembered', async () => {
    const { connecting, verdict } = await startSlowly((method, message) =>
      method === 'server/discover' ? fail(message, -32601) : initialized(message),
    );
    expect((await connecting).era).toBe('legacy');
    expect(verdict.era).toBe('legacy');
  });
});

describe('a legacy session that its server has forgotten', () => {
  /** A legacy server with sessions that a modern one takes the place of; `probe` is what that answers. */
  function replaced(probe: (message: JsonObject) => FakeAnswer) {
    let isReplaced = false;
    let sessions = 0;
    const client = new FakeHttpClient(({ message, headers }) => {
      if (message.method === 'server/discover') return isReplaced ? probe(message) : { status: 400 };
      if (message.method === 'initialize')
        return { json: initialized(message), headers: { 'mcp-session-id': `s${++sessions}` } };
      if (message.method === 'notifications/initialized') return { status: 202 };
      if (isReplaced && headers['mcp-session-id'] === 's1') return { status: 404 };
      return { json: ok(message, { sent: message.params }) };
    });
    const replace = (): void => {
      isReplaced = true;
      client.requests.splice(0);
    };
    const methods = (): unknown[] => client.requests.map(({ message }) => message.method);
    return { client, replace, methods };
  }

  const reach = (client: FakeHttpClient, more: Partial<ConnectOptions> = {}): Promise<Connection> =>
    connect(linkOverHttp(client, new URL('http://up.example/')), options(more));

  it('is followed by the modern era if the server speaks it by then', async () => {
    const verdict = new EraVerdict(new FakeClock());
    const { client, replace, methods } = replaced((message) => ({ json: discovered(message) }));
    const connection = await reach(client, { verdict });
    expect([connection.era, verdict.era]).toEqual(['legacy', 'legacy']);
    const listening = await connection.handler(createCall('subscriptions/listen', { notifications: {} }));
    replace();
    const calls = ['a', 'b'].map((name) => connection.handler(createCall('tools/call', { name })));
    const results = await Promise.all(calls.map(async (call) => (await call).result()));
    const _meta = { [META.protocolVersion]: MODERN_VERSION };
    expect(results).toMatchObject([{ sent: { name: 'a', _meta } }, { sent: { name: 'b', _meta } }]);
    expect(methods()).toEqual(['tools/call', 'tools/call', 'server/discover', 'tools/call', 'tools/call']);
    expect([connection.era, connection.version, verdict.era]).toEqual(['modern', MODERN_VERSION, 'modern']);
    expect(connection.server.instructions).toBe('hi');
    await connection.ping(new AbortController().signal);
    expect(methods().at(-1)).toBe('server/discover');
    // Whoever listened to the session listens anew.
    for await (const message of listening.messages()) expect(message.kind).toBe('notification');
  });

  it.each<[string, (message: JsonObject) => FakeAnswer]>([
    ['is a legacy one still', () => ({ status: 400 })],
    ['says nothing of its era', () => ({ status: 503 })],
  ])('is opened again if the server %s', async (_, probe) => {
    const { client, replace, methods } = replaced(probe);
    const connection = await reach(client);
    replace();
    expect(await (await connection.handler(createCall('tools/call', { name: 'a' }))).result()).toBeDefined();
    expect(methods().slice(0, 3)).toEqual(['tools/call', 'server/discover', 'initialize']);
    expect(connection.era).toBe('legacy');
  });

  it('of one caller ends, and the era is asked for when the next is opened', async () => {
    const verdict = new EraVerdict(new FakeClock());
    const { client, replace } = replaced((message) => ({ json: discovered(message) }));
    const connection = await reach(client, { verdict, reopens: false });
    replace();
    await expect(connection.handler(createCall('tools/call', { name: 'a' }))).rejects.toThrow('forgotten');
    expect((await reach(client, { verdict })).era).toBe('modern');
  });
});

describe('the verdict on a server', () => {
  /** A server whose era the test decides, reached again and again. */
  function reachable() {
    const clock = new FakeClock();
    const verdict = new EraVerdict(clock);
    const server = { answer: (message: JsonObject): FakeAnswer => ({ json: initialized(message) }) };
    const legacy = server.answer;
    const client = new FakeHttpClient(({ message }) => {
      if (message.method === 'notifications/initialized') return { status: 202 };
      if (server.answer === legacy && message.method === 'server/discover') return { status: 400 };
      return server.answer(message);
    });
    const reach = async (): Promise<[string, unknown[]]> => {
      client.requests.splice(0);
      const link = linkOverHttp(client, new URL('http://up.example/'));
      const outcome = await outcomeOf(connect(link, options({ clock, verdict })));
      return [outcome, client.requests.map(({ message }) => message.method)];
    };
    return { clock, verdict, server, legacy, reach };
  }
  const PROBED = ['legacy', ['server/discover', 'initialize', 'notifications/initialized']];
  const SPARED = ['legacy', ['initialize', 'notifications/initialized']];

  it('saves the probe for ten minutes', async () => {
    const { clock, reach } = reachable();
    expect(await reach()).toEqual(PROBED);
    clock.advance(9 * 60_000);
    expect(await reach()).toEqual(SPARED);
    clock.advance(60_000);
    expect(await reach()).toEqual(PROBED);
  });

  it('that is wrong by now is found out anew, at once', async () => {
    const { verdict, server, reach } = reachable();
    await reach();
    for (const refusal of [{ status: 404 }, { status: 400, code: -32022 }, { status: 200, code: -32601 }]) {
      verdict.found('legacy');
      server.answer = (message) =>
        message.method === 'server/discover'
          ? { json: discovered(message) }
          : { status: refusal.status, ...(refusal.code ? { json: fail(message, refusal.code) } : {}) };
      expect(await reach()).toEqual(['modern', ['initialize', 'server/discover']]);
      expect(verdict.era).toBe('modern');
    }
  });

  it.each<[string, (message: JsonObject) => FakeAnswer]>([
    ['401', () => ({ status: 401 })],
    ['403', () => ({ status: 403 })],
    ['401 with a JSON-RPC body', (message) => ({ status: 401, json: fail(message, -32600) })],
    ['429', () => ({ status: 429 })],
    ['500', () => ({ status: 500 })],
    ['503 with a JSON-RPC body', (message) => ({ status: 503, json: fail(message, -32603) })],
    [
      'an outage',
      () => {
        throw new McpError('unavailable', 'refused');
      },
    ],
  ])('is neither made nor changed by %s', async (_, answer) => {
    const { verdict, server, legacy, reach } = reachable();
    server.answer = answer;
    expect((await reach())[0]).toBe('unavailable');
    expect(verdict.era).toBeUndefined();
    server.answer = legacy;
    await reach();
    server.answer = answer;
    expect((await reach())[0]).toBe('unavailable');
    server.answer = legacy;
    expect(await reach()).toEqual(SPARED);
  });
});

describe('a modern connection', () => {
  it('says what the server said of itself, pings and closes', async () => {
    const client = dual(({ message }) => ({ json: discovered(message) }));
    const connection = await connect(linkOverHttp(client, new URL('http://up.example/')), options());
    expect(connection).toMatchObject({
      era: 'modern',
      version: '2026-07-28',
      server: { serverInfo: { name: 'new' }, capabilities: { tools: {} }, instructions: 'hi' },
    });
    await connection.ping(new AbortController().signal);
    expect(client.requests).toHaveLength(2);
    await connection.close();
    await connection.closed;
    expect(client.closed).toBe(true);
    expect(client.requests).toHaveLength(2);
  });

  it('copes with a server that says nothing of itself', async () => {
    const client = dual(({ message }) => ({ json: ok(message, { supportedVersions: ['2026-07-28'] }) }));
    const { server } = await connect(linkOverHttp(client, new URL('http://up.example/')), options());
    expect(server).toEqual({ serverInfo: undefined, capabilities: {}, instructions: undefined });
  });
});

describe('a legacy connection', () => {
  /** What a fake server answers, asked by another that stands before it. */
  const answered = async (client: FakeHttpClient, { method, headers, message, signal }: FakeRequest) => {
    const body = JSON.stringify(message);
    const response = await client.request({ method: method as 'POST', headers, signal, body });
    const id = response.header('mcp-session-id');
    return {
      status: response.status,
      headers: id === undefined ? {} : { 'mcp-session-id': id },
      text: new TextDecoder().decode(response.body as Uint8Array),
    };
  };

  const legacyClient = (answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) =>
    new FakeHttpClient((request) => {
      if (request.message.method === 'notifications/initialized' || request.method === 'DELETE') return { status: 202 };
      return answer(request);
    });
  const open = (client: FakeHttpClient): Promise<Connection> =>
    connect(linkOverHttp(client, new URL('http://up.example/')), options({ era: 'legacy' }));

  it('initializes without naming a revision in a header, then names the agreed one', async () => {
    const client = legacyClient(({ message }) =>
      message.method === 'initialize'
        ? { json: initialized(message), headers: { 'mcp-session-id': 's1' } }
        : { json: ok(message, {}) },
    );
    const connection = await open(client);
    await connection.ping(new AbortController().signal);
    await connection.close();
    expect(
      client.requests.map(({ method, message, headers }) => [
        method,
        message.method,
        headers['mcp-protocol-version'],
        headers['mcp-session-id'],
      ]),
    ).toEqual([
      ['POST', 'initialize', undefined, undefined],
      ['POST', 'notifications/initialized', '2025-06-18', 's1'],
      ['POST', 'ping', '2025-06-18', 's1'],
      ['DELETE', undefined, '2025-06-18', 's1'],
    ]);
    expect(connection).toMatchObject({ era: 'legacy', version: '2025-06-18', server: { serverInfo: { name: 'old' } } });
  });

  it.each<[string, (request: FakeRequest) => FakeAnswer, string]>([
    [
      'an unknown revision',
      ({ message }) => ({ json: initialized(message, {}, '1999-01-01') }),
      'unsupported_protocol_version',
    ],
    ['no revision', ({ message }) => ({ json: ok(message, {}) }), 'unsupported_protocol_version'],
    ['an error', ({ message }) => ({ json: fail(message, -32600) }), 'unavailable'],
    ['500', () => ({ status: 500 }), 'unavailable'],
  ])('is refused when initialize is answered with %s', async (_, answer, code) => {
    expect(await outcomeOf(open(legacyClient(answer)))).toBe(code);
  });

  it('answers discovery from what initialize said', async () => {
    const client = legacyClient(({ message }) => ({
      json: ok(message, { protocolVersion: '2025-03-26', capabilities: { tools: {} }, instructions: 'x' }),
    }));
    const reply = await (await open(client)).handler(createCall('server/discover'));
    expect(await reply.result()).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      instructions: 'x',
      ttlMs: 0,
      cacheScope: 'private',
    });
  });

  it('gives calls the legacy form, results the modern one, and maps -32002', async () => {
    const client = legacyClient(({ message }) => {
      if (message.method === 'initialize') return { json: initialized(message) };
      return { json: message.method === 'resources/read' ? fail(message, -32002) : ok(message, { tools: [] }) };
    });
    const { handler } = await open(client);
    const call = createCall('tools/list', {}, { clientInfo: { name: 'c', version: '1' }, logLevel: 'debug' });
    expect(await (await handler(call)).result()).toEqual({
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      tools: [],
    });
    expect(client.requests.at(-1)?.message.params).toEqual({ _meta: {} });
    await expect((await handler(createCall('resources/read', { uri: 'x' }))).result()).rejects.toMatchObject({
      rpc: { code: -32602 },
    });
  });

  const expiring = (body: (request: FakeRequest) => FakeAnswer) => {
    let sessions = 0;
    const client = legacyClient((request) => {
      const { message, headers } = request;
      if (message.method === 'initialize')
        return { json: initialized(message), headers: { 'mcp-session-id': `s${++sessions}` } };
      return headers['mcp-session-id'] === 's1'
        ? body(request)
        : { json: ok(message, { session: headers['mcp-session-id'] }) };
    });
    return { client, sessions: () => sessions };
  };

  it.each<[string, (request: FakeRequest) => FakeAnswer]>([
    ['no body', () => ({ status: 404 })],
    [
      'the body of the official v1 server',
      () => ({
        status: 404,
        json: { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
      }),
    ],
  ])('opens an expired session again: 404 with %s', async (_, body) => {
    const { client, sessions } = expiring(body);
    const { handler } = await open(client);
    expect(await (await handler(createCall('tools/call', { name: 'a' }))).result()).toMatchObject({ session: 's2' });
    expect(sessions()).toBe(2);
  });

  it('opens it once for all calls that found it expired, whenever their answers come', async () => {
    const waiting: (() => void)[] = [];
    let sessions = 0;
    const client = legacyClient(async ({ message, headers }) => {
      if (message.method === 'initialize') {
        if (sessions > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        return { json: initialized(message), headers: { 'mcp-session-id': `s${++sessions}` } };
      }
      if (headers['mcp-session-id'] === undefined) return { status: 400 };
      if (headers['mcp-session-id'] !== 's1') return { json: ok(message, {}) };
      if ((message.params as { name?: string }).name === 'late') await settled();
      return { status: 404 };
    });
    const { handler } = await open(client);
    const calls = ['early', 'late', 'late'].map((name) => handler(createCall('tools/call', { name })));
    await settled();
    await settled();
    await settled();
    waiting.forEach((go) => go());
    for (const call of calls) expect((await call).peek()).toBe('complete');
    expect(sessions).toBe(2);
  });

  it('lets new calls wait while it is opened again, and never sends one without a session', async () => {
    let go: () => void = () => undefined;
    let sessions = 0;
    const client = legacyClient(async ({ message, headers }) => {
      if (message.method === 'initialize') {
        if (sessions > 0) await new Promise<void>((resolve) => (go = resolve));
        return { json: initialized(message), headers: { 'mcp-session-id': `s${++sessions}` } };
      }
      return headers['mcp-session-id'] === 's2' ? { json: ok(message, {}) } : { status: 404 };
    });
    const { handler, ping } = await open(client).then((c) => ({ handler: c.handler, ping: c.ping.bind(c) }));
    const first = handler(createCall('tools/call', { name: 'a' }));
    await settled();
    const abort = new AbortController();
    const impatient = handler(createCall('tools/list', {}, { signal: abort.signal }));
    const second = handler(createCall('tools/list'));
    const pinged = ping(new AbortController().signal);
    await settled();
    expect(client.requests.at(-1)?.message.method).toBe('initialize');
    abort.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'cancelled' });
    go();
    expect([(await first).peek(), (await second).peek()]).toEqual(['complete', 'complete']);
    await pinged;
    const sent = client.requests.filter(({ message }) => message.method !== 'initialize');
    expect(sent.map(({ headers }) => headers['mcp-session-id'])).toEqual(['s1', 's1', 's2', 's2', 's2', 's2']);
    expect(sessions).toBe(2);
  });

  it('does not open it again for the late 404 of a session that is gone already', async () => {
    let late: () => void = () => undefined;
    const { client, sessions } = expiring(({ message }) => ({ status: 404, json: { late: message.id } }));
    const { handler } = await open(
      new FakeHttpClient(async (request) => {
        const { headers, message } = request;
        const isLate = message.method === 'tools/call' && headers['mcp-session-id'] === 's1';
        if (isLate) await new Promise<void>((resolve) => (late = resolve));
        return answered(client, request);
      }),
    );
    const slow = handler(createCall('tools/call', { name: 'a' }));
    await handler(createCall('tools/list'));
    late();
    expect(await (await slow).result()).toMatchObject({ session: 's2' });
    expect(sessions()).toBe(2);
  });

  it('keeps the expired session when it cannot be opened again, and tries with the next call', async () => {
    const { client, sessions } = expiring(() => ({ status: 404 }));
    let down = false;
    const seen: (string | undefined)[] = [];
    const { handler } = await open(
      new FakeHttpClient((request) => {
        if (request.message.method === 'initialize' && down) return { status: 503 };
        seen.push(request.headers['mcp-session-id']);
        return answered(client, request);
      }),
    );
    down = true;
    await expect(handler(createCall('tools/list'))).rejects.toMatchObject({ code: 'unavailable' });
    down = false;
    expect(await (await handler(createCall('tools/list'))).result()).toMatchObject({ session: 's2' });
    expect(seen).toEqual([undefined, 's1', 's1', 's1', undefined, 's2', 's2']);
    expect(sessions()).toBe(2);
  });

  it('does not hide any other failure', async () => {
    const { client } = expiring(() => ({ status: 500 }));
    await expect((await open(client)).handler(createCall('tools/call', { name: 'a' }))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
