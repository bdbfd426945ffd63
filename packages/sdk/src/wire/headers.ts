import { McpError } from '../core/errors.ts';
import { needsNameHeader } from '../core/methods.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** Names of the headers that this protocol defines, in lower case. */
export const HEADER = {
  protocolVersion: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  sessionId: 'mcp-session-id',
  lastEventId: 'last-event-id',
  paramPrefix: 'mcp-param-',
} as const;

/** What a POST must accept, and what one says it accepts. */
export const ACCEPT = 'application/json, text/event-stream';

const SENTINEL_START = '=?base64?';
const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

/**
 * Writes a value so that it is safe in a header: as it is, or as the Base64 sentinel.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
export function encodeHeaderValue(value: string): string {
  if (PLAIN.test(value) && !SENTINEL.test(value)) return value;
  return `=?base64?${toBase64(new TextEncoder().encode(value))}?=`;
}

/**
 * Reads a value that may be the Base64 sentinel.
 * @throws McpError `header_mismatch` if the sentinel holds no Base64 or no UTF-8
 */
export function decodeHeaderValue(name: string, value: string): string {
  if (!value.startsWith(SENTINEL_START)) return value;
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    if (!BASE64.test(encoded)) throw new McpError('header_mismatch', 'not Base64');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64(encoded));
  } catch (cause) {
    throw new McpError('header_mismatch', `Header mismatch: ${name} is not valid Base64 of UTF-8.`, { cause });
  }
}

/** What the headers of a request mirror. */
export interface MirroredFields {
  readonly version: string;
  readonly method: string;
  readonly target: string | undefined;
}

/**
 * Checks that the headers of a modern request say what its body says.
 * @throws McpError `header_mismatch` if one is missing or differs
 */
export function checkMirroredHeaders(
  request: { header(name: string): string | undefined },
  body: MirroredFields,
): void {
  expectHeader('MCP-Protocol-Version', request.header(HEADER.protocolVersion), body.version);
  expectHeader('Mcp-Method', request.header(HEADER.method), body.method);
  if (!needsNameHeader(body.method)) return;
  const name = request.header(HEADER.name);
  expectHeader('Mcp-Name', name === undefined ? undefined : decodeHeaderValue('Mcp-Name', name), body.target);
}

function expectHeader(name: string, value: string | undefined, wanted: string | undefined): void {
  if (value === undefined)
    throw new McpError('header_mismatch', `Header mismatch: the required header ${name} is missing.`);
  if (value === wanted) return;
  throw new McpError(
    'header_mismatch',
    `Header mismatch: ${name} says ${show(value)}, the body says ${show(wanted ?? '')}.`,
  );
}

const show = (value: string): string => `'${value.slice(0, 80)}'`;
