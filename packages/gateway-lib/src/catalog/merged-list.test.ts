import { Payload } from '@org/mcp-sdk';
import { membersOf } from '@org/mcp-sdk/wire';
import { describe, expect, it } from 'vitest';
import type { UpstreamList } from './entry.ts';
import { mergeLists } from './merged-list.ts';
import { createNameTable } from './names.ts';

/** A list of entries given as JSON. */
function listOf(
  key: 'name' | 'uri' | 'uriTemplate',
  entries: string[],
  rest: Partial<UpstreamList> = {},
): UpstreamList {
  return {
    entries: entries.map((json) => {
      const bytes = Payload.json(json).bytes;
      const value = JSON.parse(json) as Record<string, string>;
      return { key: value[key]!, json: new TextEncoder().encode(json), at: membersOf(bytes).get(key)! };
    }),
    ttlMs: 1_000,
    isPublic: true,
    ...rest,
  };
}

describe('a merged list', () => {
  it('has the entries of all upstreams, in their order, under public names', () => {
    const merged = mergeLists(
      'tools/list',
      new Map([
        ['b', listOf('name', ['{"name":"x"}', '{"name":"y"}'])],
        ['a', listOf('name', ['{"name":"x"}'])],
      ]),
      createNameTable('always'),
    );
    expect(merged.json).toBe('{"name":"b_x"},{"name":"b_y"},{"name":"a_x"}');
    expect([...merged.origins]).toEqual([
      ['b_x', { upstream: 'b', target: 'x' }],
      ['b_y', { upstream: 'b', target: 'y' }],
      ['a_x', { upstream: 'a', target: 'x' }],
    ]);
  });

  it('keeps all bytes but those of the name', () => {
    const json = '{ "n":12345678901234567890, "name" : "caf\\u00e9" ,"z":[1.0,{"name":"inner"}],"a":"é"}';
    const merged = mergeLists('tools/list', new Map([['up', listOf('name', [json])]]), createNameTable('always'));
    expect(merged.json).toBe(json.replace('"caf\\u00e9"', '"up_café"'));
    const same = mergeLists('tools/list', new Map([['up', listOf('name', [json])]]), createNameTable('never'));
    expect(same.json).toBe(json);
  });

  it('escapes what a name may hold', () => {
    const merged = mergeLists(
      'prompts/list',
      new Map([['up', listOf('name', ['{"name":"a\\"b\\\\"}'])]]),
      createNameTable('always'),
    );
    expect(JSON.parse(merged.json)).toEqual({ name: 'up_a"b\\' });
  });

  it.each([
    ['resources/list', 'uri'],
    ['resources/templates/list', 'uriTemplate'],
  ] as const)('leaves the URIs of %s alone; the first upstream that has one is listed', (method, key) => {
    const lists = new Map([
      ['a', listOf(key, [`{"${key}":"x://1","from":"a"}`])],
      ['b', listOf(key, [`{"${key}":"x://1","from":"b"}`, `{"${key}":"x://2"}`])],
    ]);
    const merged = mergeLists(method, lists, createNameTable('always'));
    expect(JSON.parse(`[${merged.json}]`)).toEqual([{ [key]: 'x://1', from: 'a' }, { [key]: 'x://2' }]);
    expect(merged.origins.get('x://1')).toEqual({ upstream: 'a', target: 'x://1' });
  });

  it('leaves out what got no name, and the second of two in one upstream', () => {
    const lists = new Map([
      ['a', listOf('name', ['{"name":"x"}', '{"name":"x","twice":true}'])],
      ['b', listOf('name', ['{"name":"x"}'])],
    ]);
    const merged = mergeLists('tools/list', lists, createNameTable('never'));
    expect(merged.json).toBe('{"name":"x"}');
    expect(merged.origins.get('x')?.upstream).toBe('a');
  });

  it('lasts as long as its shortest part and is public if all parts are', () => {
    const merge = (rest: Partial<UpstreamList>) =>
      mergeLists(
        'tools/list',
        new Map([
          ['a', listOf('name', [])],
          ['b', listOf('name', [], rest)],
        ]),
        createNameTable('always'),
      );
    expect(merge({ ttlMs: 10 })).toMatchObject({ ttlMs: 10, isPublic: true });
    expect(merge({ isPublic: false })).toMatchObject({ ttlMs: 1_000, isPublic: false });
  });
});
