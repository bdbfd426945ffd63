import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

/** What a member may be. */
type Kind = 'text' | 'function' | 'schema' | 'object' | 'array' | 'boolean' | 'number' | 'bytes' | 'store';

/** What an object may look like that a caller without types has written. */
export interface Shape<D> {
  readonly required: readonly (keyof D & string)[];
  /** Each member that there is, so that a misspelt one is found. */
  readonly members: Readonly<Record<keyof D & string, Kind>>;
}

/** Names that other libraries give to a member. */
const ALSO_KNOWN_AS: Readonly<Record<string, string>> = {
  inputSchema: 'parameters',
  paramsSchema: 'parameters',
  schema: 'parameters',
  args: 'parameters',
  argsSchema: 'parameters',
  arguments: 'parameters',
  outputSchema: 'output',
  handle: 'handler',
  callback: 'handler',
  cb: 'handler',
  execute: 'handler',
  run: 'handler',
  read: 'handler',
  _meta: 'meta',
  timeout: 'timeoutMs',
  template: 'uriTemplate',
};

/**
 * Checks what was given as a definition or as options, all of it at once. Values are never quoted: they may be secrets.
 *
 * @param owner - `tool "add"`, for the messages; empty for options
 * @throws McpError `invalid_options` with one line for each fault
 */
export function checkShape<D>(owner: string, given: unknown, { required, members }: Shape<D>): void {
  const prefix = owner === '' ? '' : `${owner}: `;
  if (!isJsonObject(given))
    throw new McpError('invalid_options', `${prefix}${show(given)} was given; allowed: an object.`);
  const kinds: Readonly<Record<string, Kind>> = members;
  const faults: string[] = [];
  for (const name of required)
    if (given[name] === undefined) faults.push(`${name} is missing; allowed: ${ALLOWED[kinds[name] ?? 'object']}.`);
  for (const [name, value] of Object.entries(given)) {
    const fault = Object.hasOwn(kinds, name) ? faultOf(name, value, kinds[name]) : unknown(name, kinds);
    if (fault) faults.push(fault);
  }
  if (faults.length > 0) throw new McpError('invalid_options', faults.map((fault) => prefix + fault).join('\n'));
}

function faultOf(name: string, value: unknown, kind: Kind = 'object'): string | undefined {
  if (value === undefined || IS[kind](value)) return undefined;
  return kind === 'schema' && isJsonObject(value)
    ? `${name} is no schema; ${remedyFor(value)}`
    : `${name} is ${show(value)}; allowed: ${ALLOWED[kind]}.`;
}

function remedyFor(value: JsonObject): string {
  const values = Object.values(value);
  if (values.length > 0 && values.every(IS.schema)) return 'wrap the object: z.object({ … }).';
  if ('type' in value || '$ref' in value || '$schema' in value || 'properties' in value)
    return 'wrap a JSON Schema: jsonSchema({ … }).';
  return `allowed: ${ALLOWED.schema}.`;
}

function unknown(name: string, kinds: Readonly<Record<string, Kind>>): string {
  const meant = ALSO_KNOWN_AS[name];
  if (meant !== undefined && meant in kinds) return `"${name}" is not known; did you mean "${meant}"?`;
  return `"${name}" is not known; allowed: ${Object.keys(kinds).join(', ')}.`;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  function: (value) => typeof value === 'function',
  // ArkType's schemas are functions.
  schema: (value) => (isObject(value) || typeof value === 'function') && '~standard' in value,
  object: isJsonObject,
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  bytes: (value) => value instanceof Uint8Array,
  store: (value) =>
    isObject(value) &&
    ['get', 'set', 'add', 'delete'].every((method) => typeof (value as JsonObject)[method] === 'function'),
};

const ALLOWED: Readonly<Record<Kind, string>> = {
  text: 'text',
  function: 'a function',
  schema: 'a schema of zod, Valibot, ArkType or jsonSchema()',
  object: 'an object',
  array: 'an array',
  boolean: 'true or false',
  number: 'a number',
  bytes: 'a Uint8Array',
  store: 'a store with get, set, add and delete',
};

/** What a value is, without saying what is in it. */
function show(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string' ? 'text' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
