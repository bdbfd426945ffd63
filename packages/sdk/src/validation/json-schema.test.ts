import { describe, expect, test, vi } from 'vitest';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import { jsonSchema } from './json-schema.ts';

const DOCUMENT = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    city: { type: 'string', 'x-mcp-header': 'City' },
    nights: { $ref: '#/$defs/count' },
    guests: { type: 'array', items: { type: 'object', properties: { age: { type: 'integer' } } } },
  },
  required: ['city'],
  additionalProperties: false,
  'x-owner': 'travel',
  $defs: { count: { type: 'integer', minimum: 1, 'x-unit': 'nights' } },
};

const server = new MCPServerBuilder({ name: 's', version: '1' })
  .addTool({
    name: 'book',
    parameters: jsonSchema<{ city: string; nights?: number }>(DOCUMENT),
    handler: ({ city, nights = 1 }) => `${city} ${nights}`,
  })
  .build();

const call = async (method: string, params: JsonObject = {}): Promise<JsonObject> =>
  (await server.handler(createCall(method, params))).result();

const textOf = async (given: JsonObject): Promise<string> => {
  const { content } = await call('tools/call', { name: 'book', arguments: given });
  return (content as { text: string }[])[0]!.text;
};

describe('jsonSchema', () => {
  test('lists the document as it is, $ref, $defs and x-* included', async () => {
    expect(await call('tools/list')).toMatchObject({ tools: [{ inputSchema: DOCUMENT }] });
    const { tools } = (await call('tools/list')) as { tools: { inputSchema: unknown }[] };
    expect(tools[0]?.inputSchema).toEqual(DOCUMENT);
  });

  test('lets pass what fits', async () => {
    expect(await textOf({ city: 'Rome', nights: 2 })).toBe('Rome 2');
  });

  test.each<[JsonObject, RegExp]>([
    [{ city: 7 }, /at "city": .*Expected "string".* \(got 7\)/],
    [{}, /at "city": It is required\. \(got nothing\)/],
    [{ city: 'Rome', nights: 0 }, /at "nights": 0 is less than 1\. \(got 0\)/],
    [{ city: 'Rome', more: 1 }, /"more" does not match additional properties/],
    [{ city: 'Rome', guests: [{ age: 1 }, { age: 'x' }] }, /at "guests\.1\.age": .*Expected "integer".* \(got "x"\)/],
  ])('says what is wrong with %j, and nothing twice', async (given, message) => {
    const text = await textOf(given);
    expect(text).toMatch(message);
    expect(text.split('; ')).toHaveLength(1);
  });

  test('reads older dialects', async () => {
    const schema = jsonSchema({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      definitions: { 'a/b': { const: 1 } },
      properties: { x: { $ref: '#/definitions/a~1b' } },
    });
    expect(await schema['~standard'].validate({ x: 1 })).toEqual({ value: { x: 1 } });
    expect(await schema['~standard'].validate({ x: 2 })).toHaveProperty('issues.length', 1);
  });

  test.each<[JsonObject, string]>([
    [{ $ref: '#/$defs/none' }, '$ref "#/$defs/none" leads nowhere'],
    [{ properties: { a: { pattern: '(' } } }, 'pattern "(" is none'],
    [{ $schema: 'https://example.com/other' }, '$schema is "https://example.com/other"; allowed: draft-04'],
    [[] as never, 'it must be an object'],
  ])('refuses %j when it is made', (document, message) => {
    expect(() => jsonSchema(document)).toThrow(message);
  });

  test('fetches nothing that a schema refers to', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const schema = jsonSchema({ properties: { a: { $ref: 'https://example.com/schema' } } });
    await expect((async () => schema['~standard'].validate({ a: 1 }))()).rejects.toThrow('https://example.com/schema');
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });
});
