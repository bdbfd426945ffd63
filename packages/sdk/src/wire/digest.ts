import { isJsonObject } from '../core/json.ts';
import { toBase64Url } from './base64.ts';

const encoder = new TextEncoder();

/** SHA-256 of a JSON value; the order of its keys does not matter. @returns Base64url */
export async function digestOf(value: unknown): Promise<string> {
  const json = JSON.stringify(value, (_key, member: unknown) => (isJsonObject(member) ? sorted(member) : member));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(json))));
}

const sorted = (object: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
