import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HttpListener, MCPServer } from '../src/index.ts';
import { encodeHeaderValue } from '../src/wire/headers.ts';
import { demoServer } from './support/demo-server.ts';
import { modern, MODERN_META, rawClient, type RawClient, type RawResponse } from './support/raw-http.ts';

let server: MCPServer;
let listener: HttpListener;
let send: RawClient;

beforeAll(async () => {
  server = demoServer();
  listener = await server.listen();
  send = rawClient(listener.url);
});
afterAll(async () => {
  await send.close();
  await server.close();
});

const GREET = modern('tools/call', { name: 'greet', arguments: { name: 'Ann' } });
const JSON_TYPE = { 'content-type': 'application/json' };

/** Sends a modern request with headers changed; an undefined one is left out. */
function sendModern(
  headers: Record<string, string | undefined>,
  message: unknown = GREET.message,
): Promise<RawResponse> {
  const all = Object.entries({ ...GREET.headers, ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return send({
    headers: Object.fromEntries(all),
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
}

const greetWith = (meta: object): unknown => ({
  ...GREET.message,
  params: { name: 'greet', arguments: {}, _meta: meta },
});
const without = (key: string): unknown =>
  greetWith(Object.fromEntries(Object.entries(MODERN_META).filter(([name]) => !name.endsWith(key))));
const greetText = (text: string): string => JSON.stringify(GREET.message).replace('"Ann"', text);

interface Row {
  readonly headers?: Record<string, string | undefined>;
  readonly message?: unknown;
  readonly status: number;
  readonly code: number;
  readonly id?: unknown;
}

// After each row the server must still serve: what one caller sends wrongly is nobody else's problem.
afterEach(async () => {
  expect(await sendModern({})).toMatchObject({
    status: 200,
    json: { id: 1, result: { content: [{ text: 'Hello, Ann!' }] } },
  });
});

describe('a modern request that is wrong', () => {
  it.each<[string, Row]>([
    ['broken JSON', { message: '{"jsonrpc":"2.0","id":1,', status: 400, code: -32700, id: 1 }],
    ['an empty body', { message: '', status: 400, code: -32700 }],
    ['white space', { message: ' \n ', status: 400, code: -32700 }],
    ['something after the message', { message: `${JSON.stringify(GREET.message)}x`, status: 400, code: -32700, id: 1 }],
    ['a batch', { message: [GREET.message], status: 400, code: -32600 }],
    ['an empty batch', { message: [], status: 400, code: -32600 }],
    ['no object', { message: '"x"', status: 400, code: -32600 }],
    ['no method', { message: { jsonrpc: '2.0', id: 7 }, status: 400, code: -32600, id: 7 }],
    ['no jsonrpc', { message: { id: 7, method: 'tools/call' }, status: 400, code: -32600, id: 7 }],
    ['an id of null', { message: { ...GREET.message, id: null }, status: 400, code: -32600 }],
    ['an id that is no integer', { message: { ...GREET.message, id: 1.5 }, status: 400, code: -32600 }],
    ['params that are an array', { message: { ...GREET.message, params: [1] }, status: 400, code: -32600, id: 1 }],
    [
      '_meta that is no object',
      { message: { ...GREET.message, params: { _meta: 5 } }, status: 400, code: -32602, id: 1 },
    ],
    ['no Content-Type', { headers: { 'content-type': undefined }, status: 415, code: -32600 }],
    ['another Content-Type', { headers: { 'content-type': 'text/plain' }, status: 415, code: -32600 }],
    [
      'a Content-Type that only starts right',
      { headers: { 'content-type': 'application/jsonx' }, status: 415, code: -32600 },
    ],
    ['an Accept that takes no JSON', { headers: { accept: 'text/html' }, status: 406, code: -32600 }],
    [
      'an unknown method',
      {
        headers: { 'mcp-method': 'no/such' },
        message: { ...GREET.message, method: 'no/such' },
        status: 404,
        code: -32601,
        id: 1,
      },
    ],
    [
      'a method of an object',
      {
        headers: { 'mcp-method': 'constructor' },
        message: { ...GREET.message, method: 'constructor' },
        status: 404,
        code: -32601,
        id: 1,
      },
    ],
    [
      'ping, which the revision has not',
      {
        headers: { 'mcp-method': 'ping' },
        message: { ...GREET.message, method: 'ping' },
        status: 404,
        code: -32601,
        id: 1,
      },
    ],
    [
      'an unknown tool',
      {
        headers: { 'mcp-name': 'nope' },
        message: { ...GREET.message, params: { name: 'nope', _meta: MODERN_META } },
        status: 200,
        code: -32602,
        id: 1,
      },
    ],
    [
      'arguments that are no object',
      {
        message: { ...GREET.message, params: { name: 'greet', arguments: [1], _meta: MODERN_META } },
        status: 200,
        code: -32602,
        id: 1,
      },
    ],
    [
      'an unknown cursor',
      {
        headers: { 'mcp-method': 'tools/list', 'mcp-name': undefined },
        message: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 'x', _meta: MODERN_META } },
        status: 200,
        code: -32602,
        id: 1,
      },
    ],
    [
      'duplicate keys in the envelope',
      { message: JSON.stringify(GREET.message).replace('"id":1', '"id":1,"id":2'), status: 400, code: -32600, id: 1 },
    ],
    [
      'duplicate keys in params',
      {
        message: JSON.stringify(GREET.message).replace('"name":"greet"', '"name":"greet","na\\u006de":"fail"'),
        status: 400,
        code: -32600,
        id: 1,
      },
    ],
    ['nesting over 64', { message: greetText('['.repeat(62) + ']'.repeat(62)), status: 400, code: -32600, id: 1 }],
    ['nesting of a million', { message: greetText('['.repeat(1_000_000)), status: 400, code: -32600, id: 1 }],
    ['too many values', { message: greetText(`[${'0,'.repeat(100_000)}0]`), status: 400, code: -32600, id: 1 }],
    ['a body over the limit', { message: greetText(`"${'x'.repeat(4 * 1024 * 1024)}"`), status: 413, code: -32600 }],
    [
      'MCP-Protocol-Version missing',
      { headers: { 'mcp-protocol-version': undefined }, status: 400, code: -32020, id: 1 },
    ],
    [
      'MCP-Protocol-Version other than the body',
      { headers: { 'mcp-protocol-version': '2025-11-25' }, status: 400, code: -32020, id: 1 },
    ],
    ['Mcp-Method missing', { headers: { 'mcp-method': undefined }, status: 400, code: -32020, id: 1 }],
    ['Mcp-Method other than the body', { headers: { 'mcp-method': 'tools/list' }, status: 400, code: -32020, id: 1 }],
    ['Mcp-Method in another case', { headers: { 'mcp-method': 'Tools/Call' }, status: 400, code: -32020, id: 1 }],
    ['Mcp-Name missing', { headers: { 'mcp-name': undefined }, status: 400, code: -32020, id: 1 }],
    ['Mcp-Name other than the body', { headers: { 'mcp-name': 'fail' }, status: 400, code: -32020, id: 1 }],
    [
      'Mcp-Name as Base64 of another name',
      { headers: { 'mcp-name': encodeHeaderValue('fäil') }, status: 400, code: -32020, id: 1 },
    ],
    ['Mcp-Name as broken Base64', { headers: { 'mcp-name': '=?base64?%?=' }, status: 400, code: -32020, id: 1 }],
    [
      'no name where one must be',
      {
        headers: { 'mcp-name': 'greet' },
        message: { ...GREET.message, params: { _meta: MODERN_META } },
        status: 400,
        code: -32020,
        id: 1,
      },
    ],
    ['no protocolVersion in _meta', { message: without('protocolVersion'), status: 400, code: -32602, id: 1 }],
    ['no _meta', { message: { ...GREET.message, params: { name: 'greet' } }, status: 400, code: -32602, id: 1 }],
    ['no clientCapabilities in _meta', { message: without('clientCapabilities'), status: 400, code: -32602, id: 1 }],
    [
      'clientCapabilities of the wrong kind',
      {
        message: greetWith({ ...MODERN_META, 'io.modelcontextprotocol/clientCapabilities': [] }),
        status: 400,
        code: -32602,
        id: 1,
      },
    ],
    [
      'a progress token of the wrong kind',
      { message: greetWith({ ...MODERN_META, progressToken: {} }), status: 400, code: -32602, id: 1 },
    ],
    [
      'an unknown log level',
      {
        message: greetWith({ ...MODERN_META, 'io.modelcontextprotocol/logLevel': 'loud' }),
        status: 400,
        code: -32602,
        id: 1,
      },
    ],
    ['a foreign Origin', { headers: { origin: 'https://evil.example' }, status: 403, code: -32600 }],
    ['an Origin of null', { headers: { origin: 'null' }, status: 403, code: -32600 }],
    ['a foreign Host', { headers: { host: 'evil.example' }, status: 403, code: -32600 }],
  ])('for %s is refused', async (_, { headers = {}, message = GREET.message, status, code, id = null }) => {
    const response = await sendModern(headers, message);
    expect([response.status, response.json]).toMatchObject([status, { jsonrpc: '2.0', id, error: { code } }]);
  });

  it('for its revision learns which ones are served', async () => {
    const meta = { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' };
    const response = await sendModern({ 'mcp-protocol-version': '2030-01-01' }, greetWith(meta));
    expect([response.status, response.json]).toMatchObject([
      400,
      {
        id: 1,
        error: {
          code: -32022,
          data: { supported: expect.arrayContaining(['2026-07-28']) as unknown, requested: '2030-01-01' },
        },
      },
    ]);
  });

  it('accepts the name as Base64, and what is right at its limits', async () => {
    expect((await sendModern({ 'mcp-name': `=?base64?${btoa('greet')}?=` })).status).toBe(200);
    expect((await sendModern({ accept: undefined, 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(
      200,
    );
    expect((await sendModern({ origin: 'http://localhost:5173' })).status).toBe(200);
    expect((await sendModern({}, greetText('['.repeat(61) + ']'.repeat(61)))).json).toMatchObject({
      result: { isError: true },
    });
  });

  it.each(['notifications/cancelled', 'notifications/own'])(
    'is none when it is the notification %s',
    async (method) => {
      const response = await sendModern({ 'mcp-method': method }, { jsonrpc: '2.0', method, params: { requestId: 1 } });
      expect([response.status, response.text]).toEqual([202, '']);
    },
  );

  it.each(['PUT', 'PATCH', 'OPTIONS', 'HEAD'])(
    'for its HTTP method %s learns which ones are served',
    async (method) => {
      expect(await send({ method })).toMatchObject({ status: 405, headers: { allow: 'POST, GET, DELETE' } });
    },
  );

  it('for its path finds nothing', async () => {
    const other = rawClient(listener.url.replace('/mcp', '/other'));
    expect((await other({ method: 'GET' })).status).toBe(404);
    await other.close();
  });
});

const initialize = async (
  version = '2025-06-18',
): Promise<{ session: string; headers: Record<string, string>; response: RawResponse }> => {
  const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const response = await send({
    headers: JSON_TYPE,
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  });
  const session = String(response.headers['mcp-session-id']);
  return { session, headers: { ...JSON_TYPE, 'mcp-session-id': session }, response };
};
const legacy = (method: string, params: object = {}, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

describe('a legacy session', () => {
  it.each([
    ['2025-06-18', '2025-06-18'],
    ['2024-11-05', '2024-11-05'],
    ['1999-01-01', '2025-11-25'],
  ])('asked for as %s speaks %s', async (asked, spoken) => {
    const { response } = await initialize(asked);
    expect([response.status, response.json]).toMatchObject([
      200,
      { id: 0, result: { protocolVersion: spoken, serverInfo: { name: 'demo' } } },
    ]);
  });

  it('serves calls, pings and log levels, and hides what is modern', async () => {
    const { headers } = await initialize();
    expect((await send({ headers, body: legacy('ping') })).json).toMatchObject({ id: 1, result: {} });
    expect((await send({ headers, body: legacy('logging/setLevel', { level: 'debug' }) })).json).toMatchObject({
      result: {},
    });
    expect((await send({ headers, body: legacy('tools/call', { name: 'number' }) })).json).toMatchObject({
      result: { content: [{ text: '42' }] },
    });
    for (const method of ['server/discover', 'subscriptions/listen', 'no/such'])
      expect(await send({ headers, body: legacy(method) })).toMatchObject({
        status: 200,
        json: { error: { code: -32601 } },
      });
  });

  it.each<[string, string, number]>([
    ['an unknown tool', legacy('tools/call', { name: 'nope' }), -32602],
    ['an unknown log level', legacy('logging/setLevel', { level: 'loud' }), -32602],
    [
      'a progress token of the wrong kind',
      legacy('tools/call', { name: 'number', _meta: { progressToken: [] } }),
      -32602,
    ],
  ])('answers a request with %s', async (_, body, code) => {
    const { headers } = await initialize();
    expect(await send({ headers, body })).toMatchObject({ status: 200, json: { id: 1, error: { code } } });
  });

  it('receives a batch if its revision has them', async () => {
    const { headers } = await initialize('2025-03-26');
    const body = `[${legacy('ping', {}, 'a')},{"jsonrpc":"2.0","method":"notifications/initialized"},${legacy('tools/call', { name: 'progress', _meta: {} }, 'w')},${legacy('no/such', {}, 'b')},{"x":1},7,${legacy('tools/call', { name: 'release' }, 'r')}]`;
    const { status, text } = await send({ headers, body });
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      [
        { id: 'a', result: {} },
        { id: 'w', result: {} },
        { id: 'b', error: { code: -32601 } },
        { id: null, error: { code: -32600 } },
        { id: null, error: { code: -32600 } },
        { id: 'r' },
      ],
    ]);
    expect((await send({ headers, body: '[{"jsonrpc":"2.0","method":"notifications/initialized"}]' })).status).toBe(
      202,
    );
    expect(await send({ headers, body: '[]' })).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
    expect(await send({ headers: (await initialize('2025-06-18')).headers, body })).toMatchObject({
      status: 400,
      json: { error: { code: -32600 } },
    });
  });

  it('ends with DELETE: 404 from then on', async () => {
    const { headers, session } = await initialize();
    expect((await send({ method: 'DELETE', headers: { 'mcp-session-id': session } })).status).toBe(200);
    for (const method of ['GET', 'DELETE'])
      expect((await send({ method, headers: { 'mcp-session-id': session } })).status).toBe(404);
    expect(await send({ headers, body: legacy('ping') })).toMatchObject({
      status: 404,
      json: { id: 1, error: { code: -32600 } },
    });
  });

  it('that is unknown is 404, one that is not named is 400', async () => {
    expect(await send({ headers: { ...JSON_TYPE, 'mcp-session-id': 'x' }, body: legacy('ping') })).toMatchObject({
      status: 404,
      json: { id: 1 },
    });
    expect(await send({ headers: JSON_TYPE, body: legacy('ping') })).toMatchObject({
      status: 400,
      json: { id: 1, error: { code: -32600 } },
    });
    for (const method of ['GET', 'DELETE']) expect((await send({ method })).status).toBe(405);
  });

  it('does not speak an unknown revision', async () => {
    const { headers } = await initialize();
    const response = await send({
      headers: { ...headers, 'mcp-protocol-version': '1999-01-01' },
      body: legacy('ping'),
    });
    expect([response.status, response.json]).toMatchObject([
      400,
      { id: 1, error: { code: -32022, data: { requested: '1999-01-01' } } },
    ]);
  });

  it.each<[string, object]>([
    ['no protocolVersion', { clientInfo: { name: 'a', version: '1' } }],
    ['no clientInfo', { protocolVersion: '2025-06-18' }],
    ['a clientInfo without a name', { protocolVersion: '2025-06-18', clientInfo: {} }],
  ])('is not opened with %s', async (_, params) => {
    const response = await send({ headers: JSON_TYPE, body: legacy('initialize', params) });
    expect([response.json, response.headers['mcp-session-id']]).toMatchObject([
      { id: 1, error: { code: -32602 } },
      undefined,
    ]);
  });

  it('takes notifications, and refuses a response that nobody waits for', async () => {
    const { headers } = await initialize();
    expect(await send({ headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' })).toMatchObject({
      status: 202,
      text: '',
    });
    expect(
      (await send({ headers, body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}' }))
        .status,
    ).toBe(202);
    expect(
      (await send({ headers: JSON_TYPE, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' })).status,
    ).toBe(400);
    expect(await send({ headers, body: '{"jsonrpc":"2.0","id":5,"result":{}}' })).toMatchObject({
      status: 400,
      json: { id: 5 },
    });
  });

  it('refuses an id that is in use', async () => {
    const { headers } = await initialize();
    const first = send({ headers, body: legacy('tools/call', { name: 'wait' }, 5) });
    const second = await send({ headers, body: legacy('tools/call', { name: 'wait' }, 5) });
    expect(second.json).toMatchObject({ id: 5, error: { code: -32600 } });
    await send({ headers, body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}' });
    expect(await first).toMatchObject({ status: 202, text: '' });
  });
});

describe('a peer that goes away', () => {
  it('in the middle of a body leaves nothing behind', async () => {
    const socket = connect(listener.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"json',
    );
    socket.destroy();
    await once(socket, 'close');
  });
});
