import { isJsonObject, type JsonObject } from '../core/json.ts';

/** Deeper schemas become `unknown`: a `$ref` may lead back to where it stands. */
const MAX_DEPTH = 12;

/** What comes after so many types becomes `unknown`: references to references grow without end. */
const MAX_TYPES = 10_000;

const KEYWORDS: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/**
 * Writes a JSON Schema as a TypeScript type. What TypeScript cannot say (patterns, ranges, `not`) is left out, so the
 * type is never narrower than the schema.
 *
 * @param indent - how deep the type stands, in steps of two spaces
 */
export const typeOf = (schema: JsonObject, indent = 0): string =>
  new TypeWriter(schema).write(schema, { indent, depth: 0 });

interface Place {
  readonly indent: number;
  readonly depth: number;
}

class TypeWriter {
  readonly #root: JsonObject;
  #written = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  write(schema: unknown, place: Place): string {
    if (!isJsonObject(schema) || place.depth > MAX_DEPTH || ++this.#written > MAX_TYPES) return 'unknown';
    const inner = { ...place, depth: place.depth + 1 };
    if (typeof schema.$ref === 'string') return this.write(this.#resolve(schema.$ref), inner);
    return literalsOf(schema) ?? this.#combined(schema, inner) ?? this.#byType(schema, inner);
  }

  #combined({ anyOf, oneOf, allOf }: JsonObject, place: Place): string | undefined {
    const choices: unknown = anyOf ?? oneOf;
    if (Array.isArray(choices) && choices.length > 0) return union(choices.map((choice) => this.write(choice, place)));
    return Array.isArray(allOf) && allOf.length > 0
      ? allOf.map((part) => `(${this.write(part, place)})`).join(' & ')
      : undefined;
  }

  #byType(schema: JsonObject, place: Place): string {
    const { type } = schema;
    if (Array.isArray(type)) return union(type.map((one: unknown) => this.write({ ...schema, type: one }, place)));
    if (type === 'array') return this.#array(schema, place);
    if (type === 'object' || isJsonObject(schema.properties)) return this.#object(schema, place);
    return typeof type === 'string' ? (KEYWORDS[type] ?? 'unknown') : 'unknown';
  }

  #array(schema: JsonObject, place: Place): string {
    if (!Array.isArray(schema.prefixItems)) return `(${this.write(schema.items, place)})[]`;
    const rest = schema.items === false ? '' : `, ...(${this.write(schema.items, place)})[]`;
    const { minItems } = schema;
    const required = typeof minItems === 'number' ? minItems : 0;
    const items = schema.prefixItems.map((item, index) =>
      index < required ? this.write(item, place) : `(${this.write(item, place)})?`,
    );
    return `[${items.join(', ')}${rest}]`;
  }

  #object(schema: JsonObject, place: Place): string {
    const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : [];
    const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
    const inner = { ...place, indent: place.indent + 1 };
    const members = properties.map(([name, property]) => {
      const mark = required.includes(name) ? '' : '?';
      return `${JSON.stringify(name)}${mark}: ${this.write(property, inner)};`;
    });
    // What a pattern lets in, TypeScript cannot tell from the rest.
    const additionalProperties = isJsonObject(schema.patternProperties) ? {} : schema.additionalProperties;
    if (properties.length === 0)
      return additionalProperties === false
        ? 'Record<string, never>'
        : `Record<string, ${this.write(additionalProperties, inner)}>`;
    if (additionalProperties !== false) members.push('[key: string]: unknown;');
    const pad = '  '.repeat(inner.indent);
    return `{\n${members.map((member) => pad + member).join('\n')}\n${'  '.repeat(place.indent)}}`;
  }

  /** References inside the document only: nothing is fetched. */
  #resolve(reference: string): unknown {
    if (!reference.startsWith('#')) return undefined;
    const keys = reference.slice(1).split('/').slice(1);
    return keys
      .map((key) => decode(key).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, key) => (isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), this.#root);
  }
}

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function literalsOf(schema: JsonObject): string | undefined {
  if ('const' in schema) return JSON.stringify(schema.const);
  return Array.isArray(schema.enum) ? union(schema.enum.map((value) => JSON.stringify(value))) : undefined;
}

const union = (types: readonly string[]): string => (types.length === 0 ? 'never' : [...new Set(types)].join(' | '));
