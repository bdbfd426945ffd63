import { expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { typeOf } from './schema-types.ts';

const flat = (schema: JsonObject): string => typeOf(schema).replaceAll(/\s+/g, ' ');

it.each<[JsonObject, string]>([
  [{}, 'unknown'],
  [{ type: 'string' }, 'string'],
  [{ type: 'integer' }, 'number'],
  [{ type: ['string', 'null'] }, 'string | null'],
  [{ type: 'weird' }, 'unknown'],
  [{ const: { a: [1] } }, '{"a":[1]}'],
  [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
  [{ enum: [] }, 'never'],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'string | number'],
  [{ oneOf: [{ type: 'string' }, { type: 'string' }] }, 'string'],
  [
    { allOf: [{ type: 'object', properties: { a: {} } }, {}] },
    '({ "a"?: unknown; [key: string]: unknown; }) & (unknown)',
  ],
  [{ type: 'array', items: { type: ['string', 'number'] } }, '(string | number)[]'],
  [{ type: 'array' }, '(unknown)[]'],
  [
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false, minItems: 1 },
    '[string, (number)?]',
  ],
  [{ type: 'array', prefixItems: [{ type: 'string' }], minItems: 1 }, '[string, ...(unknown)[]]'],
  [{ type: 'object' }, 'Record<string, unknown>'],
  [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
  [
    { type: 'object', properties: { 'a b': { type: 'string' } }, required: ['a b'], additionalProperties: false },
    '{ "a b": string; }',
  ],
  [{ type: 'string', allOf: [] }, 'string'],
  [{ type: 'string', anyOf: [], oneOf: [] }, 'string'],
  [{ type: 'object', additionalProperties: false, patternProperties: { '^x': {} } }, 'Record<string, unknown>'],
  [
    { properties: { a: { type: 'string' } }, additionalProperties: false, patternProperties: { '^x': {} } },
    '{ "a"?: string; [key: string]: unknown; }',
  ],
  [{ properties: null, required: 5, type: 'object' }, 'Record<string, unknown>'],
  [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'boolean' } } }, 'boolean'],
  [{ $ref: '#/$defs/%E0%A4%A' }, 'unknown'],
  [{ $ref: 'https://elsewhere' }, 'unknown'],
])('%j is %s', (schema, type) => {
  expect(flat(schema)).toBe(type);
});

it('ends for schemas that lead to themselves, however often', () => {
  const branches = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}`, { $ref: '#' }]));
  const type = typeOf({ type: 'object', properties: branches });
  expect(type).toContain('unknown');
  expect(type.length).toBeLessThan(5_000_000);
});
