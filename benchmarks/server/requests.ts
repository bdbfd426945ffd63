import { ID_MARK } from '../measure/connection.ts';
import { ARGUMENTS, TOOL } from './tool.ts';

/** The eras a server is called in. */
export type Era = 'modern' | 'legacy';

/** The revision of the legacy rows: the newest that both official SDKs speak. */
const LEGACY_VERSION = '2025-11-25';
const MODERN_VERSION = '2026-07-28';

/** A tool and what it is given. */
export interface ToolCall {
  readonly name: string;
  readonly args: object;
}

/** What each modern request carries in its params. */
export const ENVELOPE = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

/** A `tools/call` as a real client sends it, {@link ID_MARK} for its id. */
export function callBody(era: Era, { name, args }: ToolCall = { name: TOOL, args: ARGUMENTS }): string {
  const params = { name, arguments: args, ...(era === 'modern' ? ENVELOPE : {}) };
  return `{"jsonrpc":"2.0","id":${ID_MARK},"method":"tools/call","params":${JSON.stringify(params)}}`;
}

/** The headers of a `tools/call`. */
export const callHeaders = (session?: string, tool: string = TOOL): Record<string, string> => ({
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
  ...(session === undefined
    ? { 'MCP-Protocol-Version': MODERN_VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': tool }
    : { 'MCP-Protocol-Version': LEGACY_VERSION, ...(session === '' ? {} : { 'Mcp-Session-Id': session }) }),
});

/** The handshake of the legacy era: the request, and what follows its answer. */
export const HANDSHAKE = [
  {
    ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
    params: { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
] as const;

/** Opens a legacy session over HTTP. @returns its id */
export async function openSession(url: string): Promise<string> {
  let session = '';
  for (const message of HANDSHAKE) {
    const headers = callHeaders(session);
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(message) });
    await response.text();
    if (!response.ok) throw new Error(`${message.method} was answered ${response.status}`);
    session ||= response.headers.get('mcp-session-id') ?? '';
  }
  return session;
}

/** Ends a legacy session over HTTP. */
export async function endSession(url: string, session: string): Promise<void> {
  const response = await fetch(url, { method: 'DELETE', headers: callHeaders(session) });
  await response.text();
}
