import { McpError, type ListMethod } from '@org/mcp-sdk';
import { fromBase64Url, toBase64Url } from '@org/mcp-sdk/wire';
import { fnv1a } from './fnv1a.ts';

const encoder = new TextEncoder();

/** Writes a cursor that says after which key of a list the next page begins. */
export function writeCursor(method: ListMethod, after: string): string {
  const content = JSON.stringify([method, after]);
  return toBase64Url(encoder.encode(fnv1a(content) + content));
}

/**
 * Reads a cursor.
 * @returns the key that the page comes after; empty for the first page
 * @throws McpError `invalid_params` if it is none of that list
 */
export function readCursor(method: ListMethod, cursor: unknown): string {
  if (cursor === undefined) return '';
  const after = typeof cursor === 'string' ? decoded(cursor) : undefined;
  if (after !== undefined && writeCursor(method, after) === cursor) return after;
  throw new McpError('invalid_params', `params.cursor is none of ${method}; list again from the start.`);
}

/** What a cursor may say; whether it is one shows when it is written again. */
function decoded(cursor: string): string | undefined {
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(cursor)).slice(8));
    const after: unknown = Array.isArray(content) ? content[1] : undefined;
    return typeof after === 'string' ? after : undefined;
  } catch {
    return undefined;
  }
}
