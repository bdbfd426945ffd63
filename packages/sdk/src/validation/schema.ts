import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a validation found. */
export type SchemaResult<Out> =
  { readonly value: Out; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** How a schema describes itself. @see https://standardschema.dev/json-schema */
export interface SchemaDescription {
  /** JSON Schema of what it takes. */
  readonly input: (options: { target: 'draft-2020-12' }) => Record<string, unknown>;
  /** JSON Schema of what it makes of it. */
  readonly output: (options: { target: 'draft-2020-12' }) => Record<string, unknown>;
}

/**
 * A schema of any library that validates and describes itself: zod 4.2, ArkType, Valibot with its JSON Schema add-on.
 * @see https://standardschema.dev
 */
export interface Schema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    readonly jsonSchema?: SchemaDescription;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** What a schema's values are once validated. */
export type Infer<S extends Schema> = NonNullable<S['~standard']['types']>['output'];

/** What a schema takes. */
export type InferInput<S extends Schema> = NonNullable<S['~standard']['types']>['input'];

/**
 * Describes what a schema takes as JSON Schema.
 * @param owner - whose schema it is, for the message
 * @throws McpError `invalid_options` if the library does not describe itself, or the root is no object
 */
export function toJsonSchema(schema: Schema, owner: string): JsonObject {
  const described = describe(schema, 'input', owner);
  if (described.type === 'object') return described;
  throw new McpError(
    'invalid_options',
    `${owner}: the schema must be an object at its root, not ${String(described.type)}.`,
  );
}

/**
 * Describes what a schema makes of its input as JSON Schema; any kind of value.
 * @throws McpError `invalid_options` if the library does not describe itself
 */
export const toOutputJsonSchema = (schema: Schema, owner: string): JsonObject => describe(schema, 'output', owner);

function describe(schema: Schema, side: 'input' | 'output', owner: string): JsonObject {
  const { jsonSchema, vendor } = schema['~standard'];
  if (!jsonSchema)
    throw new McpError(
      'invalid_options',
      `${owner}: the schema (${vendor}) does not describe itself as JSON Schema; use zod 4.2 or later, or any library with "~standard".jsonSchema.`,
    );
  try {
    return jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new McpError('invalid_options', `${owner}: the schema cannot be described as JSON Schema: ${why}`, { cause });
  }
}

/** Validates; the issues name the path of what is wrong. */
export async function validate<Out>(schema: Schema<unknown, Out>, value: unknown): Promise<SchemaResult<Out>> {
  return schema['~standard'].validate(value);
}

/**
 * Issues as one line that a model can act on, e.g. `at "city": expected string, received number (got 7)`.
 * @param value - what was checked, to say what was got; absent when that is nobody's business
 */
export const describeIssues = (issues: readonly SchemaIssue[], value?: unknown): string =>
  issues.map((issue) => `${placeOf(keysOf(issue))}: ${issue.message}${gotAt(issue, value)}`).join('; ');

const placeOf = (keys: readonly PropertyKey[]): string =>
  keys.length === 0 ? 'at the top' : `at "${keys.map(String).join('.')}"`;

const keysOf = (issue: SchemaIssue): PropertyKey[] =>
  (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));

/** Longer values are described. Unit: characters of JSON. */
const MAX_SHOWN = 60;

function gotAt(issue: SchemaIssue, value: unknown): string {
  const keys = keysOf(issue);
  if (keys.length === 0 || value === undefined) return '';
  const got = keys.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  // Many libraries say it themselves.
  const words = got === undefined ? ['undefined', 'missing'] : [show(got)];
  const isSaid = words.some((word) => SAID.some((verb) => issue.message.includes(`${verb} ${word}`)));
  return isSaid ? '' : ` (got ${show(got)})`;
}

/** How messages of zod, Valibot and ArkType go on with what was got. */
const SAID = ['received', 'was'];

function show(got: unknown): string {
  if (got === undefined) return 'nothing';
  const json = typeof got === 'bigint' || typeof got === 'function' ? undefined : JSON.stringify(got);
  if (json !== undefined && json.length <= MAX_SHOWN) return json;
  if (typeof got === 'string') return `${JSON.stringify(got.slice(0, MAX_SHOWN))}… of ${got.length} characters`;
  if (Array.isArray(got)) return `an array of ${got.length}`;
  return typeof got === 'object' ? 'an object' : `a ${typeof got}`;
}
