import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

/** What a member may be. */
type Kind =
  'text' | 'texts' | 'function' | 'functions' | 'schema' | 'object' | 'array' | 'boolean' | 'number' | 'bytes' | Port;

/** Methods of what a caller may implement. */
const PORTS = {
  store: ['get', 'set', 'add', 'replace', 'delete'],
  bus: ['publish', 'subscribe'],
  telemetry: ['record'],
  clock: ['now', 'wallClock', 'after'],
  random: ['next', 'bytes'],
} as const;

type Port = keyof typeof PORTS;

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

/** How messages call a definition: by its name or URI, else by its place. */
export const labelOf = (kind: string, key: unknown, place = kind): string =>
  isText(key) && key !== '' ? `${kind} ${JSON.stringify(key.slice(0, 200))}` : place;

/** Lets an object pass. @throws McpError `invalid_options` saying what was given */
export function checkObject(owner: string, given: unknown): asserts given is JsonObject {
  if (!isJsonObject(given)) throw new McpError('invalid_options', `${owner} is ${show(given)}; allowed: an object.`);
}

/**
 * Checks what was given as a definition or as options, all of it at once. Values are never quoted: they may be secrets.
 *
 * @param owner - `tool "add"`, for the messages; empty for options
 * @throws McpError `invalid_options` with one line for each fault
 */
export function checkShape<D>(owner: string, given: unknown, { required, members }: Shape<D>): void {
  const prefix = owner === '' ? '' : `${owner}: `;
  checkObject(owner, given);
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
  if (values.some(IS.schema)) return 'wrap the object: z.object({ … }).';
  if ('type' in value || '$ref' in value || '$schema' in value || 'properties' in value)
    return 'wrap a JSON Schema: jsonSchema({ … }).';
  return `allowed: ${ALLOWED.schema}.`;
}

function unknown(name: string, kinds: Readonly<Record<string, Kind>>): string {
  const meant = ALSO_KNOWN_AS[name];
  const near = Object.keys(kinds).find((known) => isNear(name.toLowerCase(), known.toLowerCase()));
  const guess = meant !== undefined && meant in kinds ? meant : near;
  if (guess !== undefined) return `"${name}" is not known; did you mean "${guess}"?`;
  return `"${name}" is not known; allowed: ${Object.keys(kinds).join(', ')}.`;
}

/** Whether one letter is missing, too many, wrong or at its neighbour's place. */
function isNear(given: string, known: string): boolean {
  const shorter = Math.min(given.length, known.length);
  let start = 0;
  while (start < shorter && given[start] === known[start]) start++;
  let end = 0;
  while (end < shorter - start && given.at(-1 - end) === known.at(-1 - end)) end++;
  const left = given.slice(start, given.length - end);
  const right = known.slice(start, known.length - end);
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && left === right.slice(1) + right.slice(0, 1);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isText = (value: unknown): value is string => typeof value === 'string';

const isFunction = (value: unknown): boolean => typeof value === 'function';

const isPort =
  (port: Port) =>
  (value: unknown): boolean =>
    isObject(value) && PORTS[port].every((method) => isFunction((value as JsonObject)[method]));

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  texts: (value) => Array.isArray(value) && value.every(isText),
  functions: (value) => isJsonObject(value) && Object.values(value).every(isFunction),
  function: isFunction,
  // ArkType's schemas are functions.
  schema: (value) => (isObject(value) || typeof value === 'function') && '~standard' in value,
  object: isJsonObject,
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  bytes: (value) => value instanceof Uint8Array,
  store: isPort('store'),
  bus: isPort('bus'),
  telemetry: isPort('telemetry'),
  clock: isPort('clock'),
  random: isPort('random'),
};

const ALLOWED: Readonly<Record<Kind, string>> = {
  text: 'text',
  texts: 'an array of texts',
  functions: 'an object of functions',
  function: 'a function',
  schema: 'a schema of zod, Valibot, ArkType or jsonSchema()',
  object: 'an object',
  array: 'an array',
  boolean: 'true or false',
  number: 'a number',
  bytes: 'a Uint8Array',
  ...(Object.fromEntries(
    Object.entries(PORTS).map(([port, methods]) => [port, `an object with the methods ${methods.join(', ')}`]),
  ) as Record<Port, string>),
};

/** What a value is, without saying what is in it. */
function show(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string' ? 'text' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
