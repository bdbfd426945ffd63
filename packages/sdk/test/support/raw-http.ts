import { Agent, request } from 'undici';
import type { JsonObject } from '../../src/core/json.ts';

/** A raw response: nothing is interpreted but JSON. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly json: JsonObject;
}

/** Sends raw requests to one URL. */
export interface RawClient {
  (options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array }): Promise<RawResponse>;
  close(): Promise<void>;
}

/** Makes a raw client; a request that is not answered within 5 s fails. */
export function rawClient(url: string): RawClient {
  const dispatcher = new Agent({ connections: 8 });
  const send = async ({ method = 'POST', headers = {}, body }: Parameters<RawClient>[0]): Promise<RawResponse> => {
    const response = await request(url, {
      dispatcher,
      method: method as 'POST',
      headers,
      body: body ?? null,
      headersTimeout: 5_000,
      bodyTimeout: 5_000,
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? (JSON.parse(text) as JsonObject) : {},
    };
  };
  return Object.assign(send, { close: () => dispatcher.destroy() });
}

/** `_meta` of the smallest modern request. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Headers and body of a modern request. */
export function modern(
  method: string,
  params: JsonObject = {},
  id: unknown = 1,
): { headers: Record<string, string>; message: JsonObject } {
  const target = params.name ?? params.uri;
  return {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof target === 'string' ? { 'mcp-name': target } : {}),
    },
    message: { jsonrpc: '2.0', id, method, params: { ...params, _meta: MODERN_META } },
  };
}
