import { describe, expect, it } from 'vitest';
import { headerParams } from './param-headers.ts';

const region = { type: 'string', 'x-mcp-header': 'Region' };
const of = (properties: object): { type: string; properties: object } => ({ type: 'object', properties });

describe('an annotation x-mcp-header', () => {
  it('is allowed on whatever "properties" alone lead to', () => {
    const schema = of({ region, deep: of({ count: { type: 'integer', 'x-mcp-header': 'Count' } }) });
    expect(headerParams(schema, 't')).toEqual([
      { path: ['region'], header: 'mcp-param-region' },
      { path: ['deep', 'count'], header: 'mcp-param-count' },
    ]);
  });

  it.each<[string, object]>([
    ['that is empty', of({ a: { ...region, 'x-mcp-header': '' } })],
    ['that is no text', of({ a: { ...region, 'x-mcp-header': 7 } })],
    ['with a space', of({ a: { ...region, 'x-mcp-header': 'a b' } })],
    ['with a line break', of({ a: { ...region, 'x-mcp-header': 'a\r\nb' } })],
    ['that is there twice, in another case', of({ a: region, b: { ...region, 'x-mcp-header': 'REGION' } })],
    ['of a number', of({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['of an object', of({ a: { ...of({}), 'x-mcp-header': 'A' } })],
    ['in items', of({ a: { type: 'array', items: region } })],
    ['in a choice', { oneOf: [of({ region })] }],
    ['under a condition', { if: of({ region }) }],
    ['behind a $ref', { ...of({ a: { $ref: '#/$defs/region' } }), $defs: { region } }],
  ])('%s is refused', (_, schema) => {
    expect(() => headerParams({ ...schema }, 'tool "t"')).toThrow('tool "t": x-mcp-header');
  });
});
