import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, check, text } from '../../test/support/property.ts';
import { Payload } from '../core/payload.ts';
import type { JsonObject } from '../core/json.ts';
import { elementsOf, membersOf, modernizeResult, peekResult } from './result.ts';

const payload = (json: string): Payload<JsonObject> => Payload.json(bytes(json));

describe('membersOf and elementsOf', () => {
  it('find each value of an object where JSON.parse finds it', () => {
    check(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
        fc.constantFrom(0, 2),
        (value, indent) => {
          const json = bytes(JSON.stringify(value, null, indent));
          const found = [...membersOf(json)].map(([key, { start, end }]) => [
            key,
            JSON.parse(text(json.subarray(start, end))),
          ]);
          expect(Object.fromEntries(found)).toEqual(JSON.parse(text(json)));
        },
      ),
    );
  });

  it('find each element of an array', () => {
    const json = bytes(' [1, {"a":[2]} ,"é"] ');
    expect(elementsOf(json).map(({ start, end }) => text(json.subarray(start, end)))).toEqual([
      '1',
      '{"a":[2]}',
      '"é"',
    ]);
  });

  it('read results of any size: a result is not an untrusted request', () => {
    const many = JSON.stringify({ list: Array(150_000).fill(0) });
    expect([...membersOf(bytes(many)).keys()]).toEqual(['list']);
    const deep = `{"a":${'['.repeat(200)}${']'.repeat(200)}}`;
    expect([...membersOf(bytes(deep)).keys()]).toEqual(['a']);
  });
});

describe('peekResult', () => {
  const kinds: [string, string][] = [
    ['{"resultType":"input_required"}', 'input_required'],
    ['{ "resultType" : "input_required" }', 'input_required'],
    ['{"resultType":"input_re\\u0071uired"}', 'input_required'],
    ['{"resultType":"complete"}', 'complete'],
    ['{"resultType":"in_other_words"}', 'complete'],
    ['{}', 'complete'],
    ['{"resultType":null}', 'complete'],
    ['{"x":{"resultType":"input_required"}}', 'complete'],
  ];
  it.each(kinds)('tells %s from its bytes and from its value: %s', (json, kind) => {
    expect(peekResult(payload(json))).toBe(kind);
    expect(peekResult(Payload.json(json))).toBe(kind);
    expect(peekResult(Payload.of(JSON.parse(json) as JsonObject))).toBe(kind);
  });
});

describe('modernizeResult', () => {
  it.each([
    ['tools/call', '{"content":[]}', '{"resultType":"complete","content":[]}'],
    ['tools/call', '{}', '{"resultType":"complete"}'],
    ['tools/list', '{"tools":[]}', '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[]}'],
    [
      'tools/list',
      '{"resultType":"complete","tools":[]}',
      '{"ttlMs":0,"cacheScope":"private","resultType":"complete","tools":[]}',
    ],
    ['tools/list', '{"ttlMs":5,"tools":[]}', '{"resultType":"complete","ttlMs":5,"tools":[]}'],
    [
      'resources/read',
      ' { "contents":[]}',
      '{"resultType":"complete","ttlMs":0,"cacheScope":"private", "contents":[]}',
    ],
    ['tools/call', '{"n":12345678901234567890}', '{"resultType":"complete","n":12345678901234567890}'],
  ])('of %s makes of %s: %s', (method, before, after) => {
    expect(modernizeResult(method, payload(before)).text).toBe(after);
  });

  it('leaves a modern result alone', () => {
    const result = payload('{"resultType":"complete","content":[]}');
    expect(modernizeResult('tools/call', result)).toBe(result);
  });
});
