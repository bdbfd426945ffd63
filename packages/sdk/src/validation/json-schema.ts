import { Validator, type OutputUnit } from '@cfworker/json-schema';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Schema, SchemaIssue } from './schema.ts';

/** The dialects that a document may be written in, by the end of its `$schema`. */
const DRAFTS = { 'draft-04': '4', 'draft-07': '7', '2019-09': '2019-09', '2020-12': '2020-12' } as const;

/**
 * Makes a schema of a JSON Schema document. The document is listed as it is: `$ref`, `$defs` and `x-*` are kept.
 *
 * @remarks It is compiled at the first value, without `eval`, so it runs on workers too. References to other documents
 * are not fetched.
 * @typeParam T - what its values are; nothing checks that the document says the same
 * @param document - JSON Schema 2020-12, unless `$schema` says 2019-09, draft-07 or draft-04
 * @throws McpError `invalid_options` if it is no schema, or refers to what it does not hold
 */
export function jsonSchema<T = JsonObject>(document: JsonObject): Schema<T, T> {
  if (!isJsonObject(document)) throw wrong('it must be an object');
  const draft = draftOf(document);
  checkKeywords(document);
  let validator: Validator | undefined;
  return {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      validate: (value) => {
        validator ??= new Validator(document, draft, false);
        const { valid, errors } = validator.validate(value);
        // The document says what its values are.
        return valid ? { value: value as T } : { issues: issuesOf(errors) };
      },
      jsonSchema: { input: () => document, output: () => document },
    },
  };
}

function draftOf({ $schema }: JsonObject): (typeof DRAFTS)[keyof typeof DRAFTS] {
  if ($schema === undefined) return '2020-12';
  const known = Object.entries(DRAFTS).find(([name]) => typeof $schema === 'string' && $schema.includes(name));
  if (!known) throw wrong(`$schema is ${JSON.stringify($schema)}; allowed: ${Object.keys(DRAFTS).join(', ')}`);
  return known[1];
}

/** Keywords that would throw at the first call only. */
function checkKeywords(document: JsonObject): void {
  for (const [keyword, value] of stringsIn(document)) {
    if (keyword === '$ref' && value.startsWith('#/') && !leadsSomewhere(document, value))
      throw wrong(`$ref "${value}" leads nowhere`);
    if (keyword === 'pattern' && !isPattern(value)) throw wrong(`pattern ${JSON.stringify(value)} is none`);
  }
}

function stringsIn(value: unknown): (readonly [keyword: string, value: string])[] {
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === 'string' ? [[key, member] as const] : stringsIn(member),
  );
}

function leadsSomewhere(document: JsonObject, reference: string): boolean {
  const keys = reference.slice(2).split('/').map(unescaped);
  const found = keys.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as JsonObject)[key] : undefined),
    document,
  );
  return found !== undefined;
}

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

/** Errors of these keywords only say that something inside is wrong, which has an error of its own. */
const AROUND = new Set(['properties', 'items', 'prefixItems', '$ref', 'allOf', 'false']);

function issuesOf(errors: readonly OutputUnit[]): readonly SchemaIssue[] {
  const inner = errors.filter(({ keyword }) => !AROUND.has(keyword));
  return (inner.length > 0 ? inner : errors).map(({ instanceLocation, keyword, error }) => {
    const path = instanceLocation.split('/').slice(1).map(unescaped);
    const missing = keyword === 'required' ? /"(.*)"/.exec(error)?.[1] : undefined;
    return missing === undefined ? { message: error, path } : { message: 'It is required.', path: [...path, missing] };
  });
}

const unescaped = (key: string): string => decode(key).replaceAll('~1', '/').replaceAll('~0', '~');

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const wrong = (why: string): McpError => new McpError('invalid_options', `jsonSchema: the document is wrong: ${why}.`);
