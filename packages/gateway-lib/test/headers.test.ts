import { request } from 'node:http';
import { isJsonObject, MCPServerBuilder, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { listen } from './support/clients.ts';
import { byteServer, type Received } from './support/byte-server.ts';
import { modernRequest } from './support/raw.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const SENTINEL = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

const MIRRORED = { 'mcp-param-region': SENTINEL('é'), 'mcp-param-count': '42' };

const TOOLS = [
  { name: 'plain', inputSchema: { type: 'object' } },
  { name: 'größe', inputSchema: { type: 'object' } },
  {
    name: 'mirrored',
    inputSchema: {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
      },
    },
  },
];

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; received: Received[] }> {
  const said: Record<string, JsonObject> = { 'tools/list': { tools: TOOLS }, 'tools/call': { content: [] } };
  const server = await byteServer('modern', (method) => {
    const result = said[method];
    return result && { result: JSON.stringify({ resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result }) };
  });
  ends.push(() => {
    server.close();
  });
  const gateway = new Gateway({ upstreams: { up: { url: server.url } }, ...options });
  ends.push(() => gateway.close());
  return { gateway, received: server.received };
}

async function send(gateway: Gateway, request: RequestInit): Promise<{ status: number; message: JsonObject }> {
  const response = await gateway.fetch(new Request('http://localhost/mcp', request));
  return { status: response.status, message: (await response.json()) as JsonObject };
}

const call = (name: string, args: JsonObject, headers: Record<string, string> = {}): RequestInit =>
  modernRequest('tools/call', { name, arguments: args }, { headers });

const sentHeaders = (received: Received[]) => received.findLast(({ method }) => method === 'tools/call')?.headers;

describe('headers that mirror the body', () => {
  it.each<[string, [string, string, JsonObject], [Record<string, string>, Record<string, string>]]>([
    ['a renamed tool', ['up_plain', 'plain', {}], [{}, {}]],
    ['a name as a sentinel', ['up_größe', SENTINEL('größe'), {}], [{ 'mcp-name': SENTINEL('up_größe') }, {}]],
    ['parameters', ['up_mirrored', 'mirrored', { region: 'é', deep: { count: 42 } }], [MIRRORED, MIRRORED]],
    ['no parameters that are null or absent', ['up_mirrored', 'mirrored', { region: null }], [{}, {}]],
    ['headers that nobody knows', ['up_plain', 'plain', {}], [{ 'mcp-param-other': 'x' }, { 'mcp-param-other': 'x' }]],
  ])('of %s are written for the upstream', async (_what, [name, sentName, args], [headers, wanted]) => {
    const { gateway, received } = await start();
    await gateway.start();
    const request = call(name, args, headers);
    expect(await send(gateway, request)).toMatchObject({ status: 200 });
    const sent = sentHeaders(received);
    expect(sent).toMatchObject({
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': sentName },
      ...wanted,
    });
    const params = Object.keys(sent ?? {}).filter((header) => header.startsWith('mcp-param-'));
    expect(params.sort()).toEqual(Object.keys(wanted).sort());
  });

  it.each<[string, RequestInit]>([
    ['another name', call('up_plain', {}, { 'mcp-name': 'up_mirrored' })],
    ['the name that the upstream knows', call('up_plain', {}, { 'mcp-name': 'plain' })],
    ['a sentinel that is no Base64', call('up_plain', {}, { 'mcp-name': '=?base64?!?=' })],
    ['a sentinel in capitals', call('up_plain', {}, { 'mcp-name': SENTINEL('up_plain').replace('base64', 'BASE64') })],
    ['Base64 without its padding', call('up_plain', {}, { 'mcp-name': SENTINEL('up_plain').replace('=?=', '?=') })],
    ['another method', call('up_plain', {}, { 'mcp-method': 'tools/list' })],
    ['no method', without('mcp-method')],
    ['no name', without('mcp-name')],
    ['no version', without('mcp-protocol-version')],
    ['another version', call('up_plain', {}, { 'mcp-protocol-version': '2025-11-25' })],
    ['a parameter that is missing', call('up_mirrored', { region: 'eu' })],
    ['another parameter', call('up_mirrored', { region: 'eu' }, { 'mcp-param-region': 'us' })],
    ['a parameter that is not there', call('up_mirrored', {}, { 'mcp-param-region': 'eu' })],
    ['a parameter that is no Base64', call('up_mirrored', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU?=' })],
  ])('with %s are refused, and nothing is sent', async (_what, request) => {
    const { gateway, received } = await start();
    await gateway.start();
    expect(await send(gateway, request)).toMatchObject({ status: 400, message: { id: 1, error: { code: -32020 } } });
    expect(sentHeaders(received)).toBeUndefined();
  });
});

function without(header: string): RequestInit {
  const request = call('up_plain', {});
  const { [header]: _, ...headers } = request.headers as Record<string, string>;
  return { ...request, headers };
}

/** A request whose `_meta` is `meta`, and whose version header is `version`. */
function withMeta(meta: JsonObject | undefined, version = '2026-07-28'): RequestInit {
  const request = modernRequest('tools/list', {}, { headers: { 'mcp-protocol-version': version } });
  const body = JSON.parse(request.body) as { params: JsonObject };
  return { ...request, body: JSON.stringify({ ...body, params: meta ? { _meta: meta } : {} }) };
}

describe('the names of headers', () => {
  it('may be written in any case', async () => {
    const gateway = new Gateway({
      upstreams: { up: { server: new MCPServerBuilder({ name: 'up', version: '1' }).build() } },
    });
    const http = await listen(gateway);
    ends.push(gateway.close.bind(gateway), http.close);
    const { body, headers } = modernRequest('server/discover');
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const status = await new Promise((resolve, reject) => {
      const sent = request(http.url, { method: 'POST', headers: upper }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject).end(body);
    });
    expect(status).toBe(200);
  });
});

describe('requests that are not served', () => {
  const VERSION = 'io.modelcontextprotocol/protocolVersion';
  const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

  it.each<[string, RequestInit, [number, number]]>([
    ['without _meta', withMeta(undefined), [400, -32602]],
    ['without a version in _meta', withMeta({ [CAPABILITIES]: {} }), [400, -32602]],
    ['without capabilities', withMeta({ [VERSION]: '2026-07-28' }), [400, -32602]],
    [
      'of a revision of the future',
      withMeta({ [VERSION]: '2099-01-01', [CAPABILITIES]: {} }, '2099-01-01'),
      [400, -32022],
    ],
    ['of a method that is no more', modernRequest('resources/subscribe', { uri: 'x://1' }), [404, -32601]],
    ['of a method that never was', modernRequest('never/was'), [404, -32601]],
    ['of a tool that is not there', modernRequest('tools/call', { name: 'nobody' }), [200, -32602]],
    [
      'with a level that is none',
      modernRequest('tools/call', { name: 'up_plain', _meta: { 'io.modelcontextprotocol/logLevel': 'loud' } }),
      [400, -32602],
    ],
  ])('%s get the code and the status of the specification', async (_what, request, [status, code]) => {
    const { gateway } = await start();
    const answer = await send(gateway, request);
    expect(answer).toMatchObject({ status, message: { id: 1, error: { code } } });
    const { error } = answer.message;
    if (code === -32022 && isJsonObject(error))
      expect(error.data).toEqual({ supported: ['2026-07-28'], requested: '2099-01-01' });
  });
});

describe('a stream that is quiet', () => {
  it('is not buffered by proxies, and kept open by comments', async () => {
    const { gateway } = await start({ keepAliveMs: 1 });
    const stop = new AbortController();
    const request = { ...modernRequest('subscriptions/listen', { notifications: {} }), signal: stop.signal };
    const response = await gateway.fetch(new Request('http://localhost/mcp', request));
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk);
      if (/^:/m.test(text)) break;
    }
    expect(text).toContain('notifications/subscriptions/acknowledged');
    stop.abort();
  });
});
