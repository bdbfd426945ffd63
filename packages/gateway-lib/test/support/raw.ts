import { META, MODERN_VERSION, type JsonObject } from '@org/mcp-sdk';

/** `_meta` of a modern request. */
export const ENVELOPE = { [META.protocolVersion]: MODERN_VERSION, [META.clientCapabilities]: {} };

/** A modern request as it goes over HTTP; what is given replaces what would be there. */
export function modernRequest(
  method: string,
  params: JsonObject = {},
  { id = 1, headers = {} }: { id?: number | string; headers?: Record<string, string> } = {},
): Omit<RequestInit, 'headers' | 'body'> & { headers: Record<string, string>; body: string } {
  const name = params.name ?? params.uri;
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN_VERSION,
      'mcp-method': method,
      ...(typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {}),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: { ...params, _meta: { ...ENVELOPE, ...(params._meta as object) } },
    }),
  };
}

/** The messages in the text of an event stream. */
export const eventsOf = (text: string): JsonObject[] =>
  [...text.matchAll(/^data: ?(.*)$/gm)].flatMap(([, data = '']) =>
    data === '' ? [] : [JSON.parse(data) as JsonObject],
  );
