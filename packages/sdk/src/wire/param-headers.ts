import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { decodeHeaderValue, encodeHeaderValue, HEADER } from './headers.ts';

/** A parameter that HTTP mirrors in a header `Mcp-Param-*`. */
export interface HeaderParam {
  /** Where it is in the arguments. */
  readonly path: readonly string[];
  /** Lower-case name of the whole header. */
  readonly header: string;
}

const ANNOTATION = 'x-mcp-header';
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MIRRORED = new Set<unknown>(['string', 'integer', 'boolean']);

/**
 * Finds the parameters with `x-mcp-header` in an input schema.
 * @throws McpError `invalid_options` if an annotation is not allowed: a wrong name, one used twice, or a value that is no string, integer or boolean
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
export function headerParams(schema: JsonObject, owner: string): readonly HeaderParam[] {
  const found = collect(schema, []);
  if (countAnnotations(schema) > found.length)
    throw new McpError(
      'invalid_options',
      `${owner}: ${ANNOTATION} is only allowed on what "properties" alone lead to, not in items, choices or $defs.`,
    );
  const names = new Set<string>();
  for (const { path, name, type } of found) {
    const at = `${owner}: ${ANNOTATION} of "${path.join('.')}"`;
    if (typeof name !== 'string' || !HEADER_NAME.test(name))
      throw new McpError('invalid_options', `${at} is ${JSON.stringify(name)}; allowed: a header name.`);
    if (!MIRRORED.has(type))
      throw new McpError(
        'invalid_options',
        `${at} is on a value of type ${String(type)}; allowed: string, integer, boolean.`,
      );
    if (names.has(name.toLowerCase())) throw new McpError('invalid_options', `${at}: "${name}" is used twice.`);
    names.add(name.toLowerCase());
  }
  return found.map(({ path, name }) => ({ path, header: `${HEADER.paramPrefix}${String(name).toLowerCase()}` }));
}

interface Annotated {
  readonly path: readonly string[];
  readonly name: unknown;
  readonly type: unknown;
}

function collect(schema: JsonObject, path: readonly string[]): Annotated[] {
  const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : [];
  return properties.flatMap(([key, property]) => {
    if (!isJsonObject(property)) return [];
    const here = [...path, key];
    const own = ANNOTATION in property ? [{ path: here, name: property[ANNOTATION], type: property.type }] : [];
    return [...own, ...collect(property, here)];
  });
}

function countAnnotations(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((count, item) => count + countAnnotations(item), 0);
  if (!isJsonObject(value)) return 0;
  const inside = Object.entries(value).reduce((count, [keyword, member]) => {
    // The keys in here are names of properties.
    const members = keyword === 'properties' && isJsonObject(member) ? Object.values(member) : member;
    return count + countAnnotations(members);
  }, 0);
  return inside + (ANNOTATION in value ? 1 : 0);
}

/**
 * Checks that the headers say what the arguments say. Callers without HTTP have none, and need none.
 * @throws McpError `header_mismatch` if one is missing or differs
 */
export function checkParamHeaders(
  params: readonly HeaderParam[],
  given: JsonObject,
  headers: Readonly<Record<string, string>> | undefined,
): void {
  if (!headers) return;
  for (const { path, header } of params) {
    const value = valueAt(given, path);
    const sent = headers[header];
    if (value === undefined || value === null) {
      if (sent !== undefined) throw mismatch(header, 'is there, the argument is not');
    } else if (sent === undefined) throw mismatch(header, 'is missing');
    else if (decodeHeaderValue(header, sent) !== textOf(value)) throw mismatch(header, 'differs from the argument');
  }
}

/** The headers that mirror `given`; by lower-case name, encoded. What is not given has none. */
export function mirroredHeaders(params: readonly HeaderParam[], given: unknown): Record<string, string> {
  const headers = params.flatMap(({ path, header }) => {
    const value = valueAt(given, path);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return [];
    return [[header, encodeHeaderValue(String(value))] as const];
  });
  return Object.fromEntries(headers);
}

const valueAt = (given: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), given);

/** Only what the schema allows is mirrored; anything else fails validation next. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const mismatch = (header: string, what: string): McpError =>
  new McpError('header_mismatch', `Header mismatch: ${header} ${what}.`);
