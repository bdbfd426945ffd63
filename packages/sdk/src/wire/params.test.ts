import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, check } from '../../test/support/property.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { readFrame, type RequestFrame } from './message.ts';
import { LEGACY_META, patchMeta, renameTarget, tokenPatch, type MetaPatch } from './params.ts';

/** The payload of a request with these params, as a codec scans it. */
function scanned(params: string, method = 'tools/call'): Payload<JsonObject> {
  const frame = readFrame(bytes(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`));
  return (frame as RequestFrame).params.payload;
}

/** What a reader of the wire sees; fails when a key stands twice in what was spliced. */
function reread(payload: Payload<JsonObject>): JsonObject {
  scanned(payload.text);
  return JSON.parse(payload.text) as JsonObject;
}

const key = fc.constantFrom('a', 'b', 'progressToken', 'é', '"', 'io.modelcontextprotocol/logLevel', '1');
const meta = fc.dictionary(key, fc.jsonValue({ maxDepth: 1 }), { noNullPrototype: true });
const spacing = fc.constantFrom(undefined, 1, '\t');
const params = fc.record(
  {
    name: fc.string({ unit: 'binary' }),
    arguments: fc.object({ maxDepth: 2, withNullPrototype: false }),
    _meta: meta,
    uri: fc.string(),
  },
  { requiredKeys: [] },
);
const patch: fc.Arbitrary<MetaPatch> = fc.dictionary(
  key,
  fc.option(
    fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
    { nil: undefined },
  ),
  { noNullPrototype: true },
);
const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

describe('renameTarget', () => {
  it.each(['tools/call', 'resources/read', 'tools/list'])('splices %s as setting the value would', (method) => {
    check(
      fc.property(params, spacing, fc.string({ unit: 'binary' }), (value, indent, target) => {
        const spliced = renameTarget(method, scanned(JSON.stringify(value, null, indent), method), target);
        expect(reread(spliced)).toEqual(json(renameTarget(method, Payload.of(json(value)), target).value));
      }),
    );
  });

  it.each([
    ['{"ref":{"type":"ref/prompt","name":"a"}}', { ref: { type: 'ref/prompt', name: 'new' } }],
    ['{"ref":{"type":"ref/resource","uri":"a"}}', { ref: { type: 'ref/resource', uri: 'new' } }],
  ])('renames what a completion refers to: %s', (value, expected) => {
    expect(reread(renameTarget('completion/complete', scanned(value, 'completion/complete'), 'new'))).toEqual(expected);
    expect(renameTarget('completion/complete', Payload.of(JSON.parse(value) as JsonObject), 'new').value).toEqual(
      expected,
    );
  });

  it('gives a completion without a reference one', () => {
    expect(renameTarget('completion/complete', Payload.of({}), 'u:x').value).toEqual({ ref: { uri: 'u:x' } });
  });

  it('keeps every other byte', () => {
    const text = '{ "z":12345678901234567890, "name" : "a" ,"1":1.0, "arguments":{"b":1,"b":2} }';
    expect(renameTarget('tools/call', scanned(text), 'new "name"').text).toBe(text.replace('"a"', '"new \\"name\\""'));
  });
});

describe('patchMeta', () => {
  it('splices as setting the values would', () => {
    check(
      fc.property(params, spacing, patch, (value, indent, members) => {
        const spliced = patchMeta(scanned(JSON.stringify(value, null, indent)), members);
        expect(reread(spliced)).toEqual(json(patchMeta(Payload.of(json(value)), members).value));
      }),
      500,
    );
  });

  it('keeps its footing: what was spliced is spliced again without parsing', () => {
    const text =
      '{"name":"a","arguments":{"big":12345678901234567890,"2":0,"1":0},"_meta":{"progressToken":1,"x":10000000000000000001}}';
    const renamed = renameTarget('tools/call', scanned(text), 'a longer name');
    const patched = patchMeta(patchMeta(renamed, tokenPatch('t')), { added: '{"n":1.0}' });
    expect(renameTarget('tools/call', patched, 'b').text).toBe(
      '{"name":"b","arguments":{"big":12345678901234567890,"2":0,"1":0},"_meta":{"x":10000000000000000001,"progressToken":"t","added":{"n":1.0}}}',
    );
  });

  it('splices any number of times as setting the values would', () => {
    const steps = fc.array(fc.oneof(patch, fc.string({ unit: 'binary' })), { minLength: 2, maxLength: 4 });
    const run = (from: Payload<JsonObject>, todo: readonly (MetaPatch | string)[]): Payload<JsonObject> =>
      todo.reduce(
        (at: Payload<JsonObject>, step) =>
          typeof step === 'string' ? renameTarget('tools/call', at, step) : patchMeta(at, step),
        from,
      );
    check(
      fc.property(params, spacing, steps, (value, indent, todo) => {
        const spliced = run(scanned(JSON.stringify(value, null, indent)), todo);
        expect(reread(spliced)).toEqual(json(run(Payload.of(json(value)), todo).value));
        const { target, meta: at } = scanned(spliced.text).spans ?? {};
        expect([spliced.spans?.target ?? target, spliced.spans?.meta ?? at]).toEqual([target, at]);
      }),
      500,
    );
  });

  it('keeps every byte of the members that stay', () => {
    const spliced = patchMeta(scanned('{"_meta":{ "k" : 1.0 ,"x":12345678901234567890}, "name":"a"}'), { y: '2' });
    expect(spliced.text).toBe('{"_meta":{"k" : 1.0,"x":12345678901234567890,"y":2}, "name":"a"}');
  });

  it.each([
    ['{}', '{"_meta":{"y":2}}'],
    ['{ }', '{"_meta":{"y":2}}'],
    ['{ "name":"a"}', '{"_meta":{"y":2}, "name":"a"}'],
    ['{"_meta":{}}', '{"_meta":{"y":2}}'],
  ])('puts _meta into %s', (text, expected) => {
    expect(patchMeta(scanned(text), { y: '2' }).text).toBe(expected);
  });

  it('returns what it got when there is nothing to do', () => {
    const payload = scanned('{"name":"a"}');
    expect(patchMeta(payload, { y: undefined })).toBe(payload);
  });

  it('stamps a key in its escaped spelling too', () => {
    const spliced = patchMeta(scanned('{"_meta":{"progress\\u0054oken":1}}'), tokenPatch(2));
    expect(reread(spliced)).toEqual({ _meta: { progressToken: 2 } });
  });

  it('takes a call to the legacy form and leaves the rest', () => {
    const text =
      '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":3}}';
    expect(patchMeta(scanned(text), LEGACY_META).text).toBe('{"_meta":{"progressToken":3}}');
  });
});
