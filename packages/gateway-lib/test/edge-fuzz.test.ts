import { MCPServerBuilder, type JsonObject } from '@org/mcp-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Gateway } from '../src/index.ts';
import { listen, type Listening } from './support/clients.ts';
import { checkAsync, SEED } from './support/property.ts';
import { ENVELOPE, modernRequest } from './support/raw.ts';

let gateway: Gateway;
let listening: Listening;

beforeAll(async () => {
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({ name: 'x', parameters: z.looseObject({}), handler: () => 'fine' })
    .addPrompt({ name: 'p', handler: () => 'hello' })
    .addResource({ uri: 'r://1', name: 'r', handler: () => 'text' })
    .build();
  gateway = new Gateway({ upstreams: { up: { server } }, limits: { maxBytes: 64 * 1024 } });
  await gateway.start();
  listening = await listen(gateway);
});

afterAll(async () => {
  await gateway.close();
  await listening.close();
});

/** Sends a request; a stream is not waited for. */
async function send(init: RequestInit): Promise<{ status: number; text: string }> {
  const abort = new AbortController();
  const response = await fetch(listening.url, {
    ...init,
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(5_000)]),
  });
  const isStream = response.headers.get('content-type')?.includes('event-stream') ?? false;
  if (isStream) abort.abort();
  return { status: response.status, text: isStream ? '' : await response.text() };
}

const CALL = modernRequest('tools/call', { name: 'up_x', arguments: {} });

async function expectWorks(): Promise<void> {
  const { status, text } = await send(CALL);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ id: 1, result: { content: [{ text: 'fine' }] } });
}

const raw = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  ...CALL,
  body,
  headers: { ...CALL.headers, ...headers },
});
const without = (name: string): RequestInit => ({
  ...CALL,
  headers: Object.fromEntries(Object.entries(CALL.headers).filter(([key]) => key !== name)),
});
const withMeta = (_meta: unknown): RequestInit =>
  raw(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up_x', _meta } }));
const nested = '['.repeat(5_000) + ']'.repeat(5_000);

describe('bad input', () => {
  it.each<[string, RequestInit, number, number | undefined]>([
    ['no JSON', raw('{'), 400, -32700],
    ['an empty body', raw(''), 400, -32700],
    ['bytes that are no UTF-8', { ...CALL, body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) }, 400, -32700],
    ['too deep JSON', raw(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${nested}}`), 400, -32600],
    ['a message of no kind', raw('{"jsonrpc":"2.0"}'), 400, -32600],
    ['a scalar', raw('7'), 400, -32600],
    ['another JSON-RPC', raw('{"jsonrpc":"1.0","id":1,"method":"x"}'), 400, -32600],
    ['an id of null', raw('{"jsonrpc":"2.0","id":null,"method":"tools/list","params":{}}'), 400, -32600],
    ['params as a list', raw('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}'), 400, -32600],
    ['a name given twice', raw(CALL.body.replace('"params":{', '"params":{"name":"other",')), 400, -32600],
    ['too long a body', raw(JSON.stringify({ x: 'x'.repeat(70_000) })), 413, -32600],
    ['a batch', raw(`[${CALL.body}]`), 400, -32600],
    ['another content type', { ...CALL, headers: { ...CALL.headers, 'content-type': 'text/plain' } }, 415, -32600],
    ['an unacceptable accept', { ...CALL, headers: { ...CALL.headers, accept: 'text/html' } }, 406, -32600],
    ['no envelope', withMeta({}), 400, -32602],
    [
      'no capabilities',
      withMeta({ ...ENVELOPE, 'io.modelcontextprotocol/clientCapabilities': undefined }),
      400,
      -32602,
    ],
    [
      'an unknown revision',
      withMeta({ ...ENVELOPE, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }),
      400,
      -32020,
    ],
    ['a missing method header', without('mcp-method'), 400, -32020],
    ['a wrong name header', { ...CALL, headers: { ...CALL.headers, 'mcp-name': 'up_y' } }, 400, -32020],
    ['a wrong method header', { ...CALL, headers: { ...CALL.headers, 'mcp-method': 'tools/list' } }, 400, -32020],
    ['a foreign origin', { ...CALL, headers: { ...CALL.headers, origin: 'https://evil.example' } }, 403, -32600],
    ['an unknown method', modernRequest('no/such'), 404, -32601],
    ['an unknown tool', modernRequest('tools/call', { name: 'nope' }), 200, -32602],
    ['an unknown resource', modernRequest('resources/read', { uri: 'nope://' }), 200, -32602],
    ['a cursor of nobody', modernRequest('tools/list', { cursor: 'x' }), 200, -32602],
    [
      'a session of nobody',
      { method: 'GET', headers: { accept: 'text/event-stream', 'mcp-session-id': 'x' } },
      404,
      -32600,
    ],
    ['no session', { method: 'DELETE' }, 405, -32600],
    ['another HTTP method', { method: 'PUT', body: '{}' }, 405, -32600],
  ])('%s has its code, and the next request works', async (_, ...[init, status, code]) => {
    const answer = await send(init);
    expect([answer.status, (JSON.parse(answer.text) as { error?: { code: number } }).error?.code]).toEqual([
      status,
      code,
    ]);
    await expectWorks();
  });
});

describe(`anything at all (FC_SEED=${SEED})`, () => {
  const method = fc.constantFrom(
    'tools/call',
    'tools/list',
    'prompts/get',
    'resources/read',
    'completion/complete',
    'server/discover',
    'subscriptions/listen',
    'initialize',
    'ping',
    'logging/setLevel',
    'notifications/cancelled',
    '__proto__',
    '',
  );
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      'up_x',
      'r://1',
      'up_p',
      null,
      0,
      -1,
      true,
      '',
      {},
      [],
      { type: 'ref/prompt', name: 'up_p' },
      ENVELOPE,
    ),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const key = fc.constantFrom(
    'name',
    'uri',
    'ref',
    'arguments',
    'argument',
    '_meta',
    'cursor',
    'notifications',
    'requestState',
    'inputResponses',
    '__proto__',
  );
  const params = fc.dictionary(key, value, { maxKeys: 6 });
  const meta = fc.record(
    {
      'io.modelcontextprotocol/protocolVersion': fc.constantFrom<unknown>('2026-07-28', '2025-06-18', '', 5),
      'io.modelcontextprotocol/clientCapabilities': fc.constantFrom<unknown>({}, [], null, 'x'),
      progressToken: fc.constantFrom<unknown>('t', 1, 1.5, null, {}),
      'io.modelcontextprotocol/logLevel': fc.constantFrom<unknown>('info', 'loud', 3),
    },
    { requiredKeys: [] },
  );
  const message = fc
    .record(
      {
        jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '1.0'),
        id: fc.constantFrom<unknown>(1, 'a', null, 1.5, {}, -7),
        method,
        params,
        meta: fc.option(meta),
      },
      { requiredKeys: ['jsonrpc', 'method'] },
    )
    .map(
      ({ meta: _meta, ...rest }) =>
        (_meta && rest.params ? { ...rest, params: { ...rest.params, _meta } } : rest) as JsonObject,
    );
  const body = fc.oneof(
    { weight: 5, arbitrary: message.map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }).map((many) => JSON.stringify(many)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat(CALL.body.length), fc.string({ maxLength: 4 }))
        .map(([at, text]) => CALL.body.slice(0, at) + text + CALL.body.slice(at + text.length)),
    },
  );
  const headers = fc.record(
    {
      accept: fc.constantFrom('application/json, text/event-stream', '*/*', 'text/html', ''),
      'mcp-protocol-version': fc.constantFrom('2026-07-28', '2025-06-18', 'x'),
      'mcp-method': fc.oneof(method, fc.constant('tools/call')),
      'mcp-name': fc.constantFrom('up_x', 'x', '=?base64?dXBfeA==?=', '=?base64?%?='),
      'mcp-session-id': fc.constantFrom('x', ''),
      origin: fc.constantFrom('http://localhost', 'null', 'https://evil.example'),
    },
    { requiredKeys: [] },
  );

  it('is answered below 500, in time, and the next request works', { timeout: 60_000 }, async () => {
    await checkAsync(
      fc.asyncProperty(
        body,
        headers,
        fc.constantFrom('POST', 'POST', 'POST', 'GET', 'DELETE'),
        async (text, extra, verb) => {
          const init = verb === 'POST' ? { method: verb, body: text } : { method: verb };
          const { status } = await send({ ...init, headers: { 'content-type': 'application/json', ...extra } });
          expect(status).toBeGreaterThanOrEqual(200);
          expect(status).toBeLessThan(500);
        },
      ),
      1_500,
    );
    await expectWorks();
  });

  it('that mirrors its headers as it should reaches the handlers, and is answered', { timeout: 60_000 }, async () => {
    await checkAsync(
      fc.asyncProperty(
        method.filter((one) => one !== ''),
        params,
        async (name, given) => {
          const { status, text } = await send(modernRequest(name, { ...given, _meta: {} }));
          expect(status).toBeLessThan(500);
          if (text !== '') expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0' });
        },
      ),
      500,
    );
    await expectWorks();
  });
});
