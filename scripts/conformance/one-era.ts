import { MODERN_VERSION, MODERN_VERSIONS, type Era, type RpcError } from '@org/mcp-sdk';
import type { HttpHandler, HttpResponse } from '@org/mcp-sdk/serve';

/** Serves one era only, as a server does that does not know the other. */
export const oneEra =
  (era: Era, handle: HttpHandler): HttpHandler =>
  async (request) => {
    const version = request.header('mcp-protocol-version') ?? 'none';
    const isModern = MODERN_VERSIONS.some((each) => each === version);
    if (isModern === (era === 'modern')) return handle(request);
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
    const message = `Unsupported protocol version: ${version}`;
    if (isModern) return refusal({ code: -32000, message: `Bad Request: ${message}` });
    return refusal({ code: -32022, message, data: { supported: [MODERN_VERSION], requested: version } });
  };

const refusal = (error: RpcError): HttpResponse => ({
  status: 400,
  headers: { 'content-type': 'application/json' },
  body: [JSON.stringify({ jsonrpc: '2.0', id: null, error })],
});
