import type { Era, JsonObject } from '@org/mcp-sdk';
import type { Gateway } from '../../src/index.ts';
import { modernRequest } from './raw.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** What a {@link RawCaller} gets. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What a request has besides its params; only modern requests have it in headers. */
export interface RawHeaders {
  /** What `Mcp-Name` mirrors. */
  readonly name?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Sends `params`, JSON text, word for word: a caller of either era without an SDK. */
export type RawCaller = (method: string, params: string, headers?: RawHeaders) => Promise<RawAnswer>;

/** Makes a caller; a legacy one opens its session. */
export async function rawCaller(gateway: Gateway, era: Era): Promise<RawCaller> {
  const post = async (headers: Record<string, string>, body: string): Promise<RawAnswer> => {
    const response = await gateway.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }));
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  if (era === 'modern')
    return (method, params, { name, headers: own = {} } = {}) => {
      const meta = /"_meta":\{[^}]*\}/.test(params) ? params : params.replace(/^\{/, '{"_meta":{},').replace(',}', '}');
      const { headers } = modernRequest(method, name === undefined ? {} : { name }, { headers: own });
      const envelope =
        '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';
      const whole = meta.replace(
        /"_meta":\{(.?)/,
        (_, next: string) => `"_meta":{${envelope}${next === '}' ? '' : ','}${next}`,
      );
      return post(headers, message(method, whole));
    };
  const hello: JsonObject = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  };
  const opened = await post(HEADERS, message('initialize', JSON.stringify(hello)));
  const session = { ...HEADERS, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  return (method, params) => post(session, message(method, params));
}

const message = (method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":"raw-1","method":"${method}","params":${params}}`;
