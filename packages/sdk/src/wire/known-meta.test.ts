import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, check } from '../../test/support/property.ts';
import { META } from '../core/protocol.ts';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from './json-reader.ts';
import { readFrame, type RequestFrame, type ScannedMeta } from './message.ts';

const messageOf = (meta: string, rest = ''): Uint8Array =>
  bytes(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":${meta}${rest}}}`);

/** What a message says, with its offsets. */
function read(message: Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): unknown {
  const { params } = readFrame(message, limits) as RequestFrame;
  const { start, end, members } = params.payload.spans?.meta ?? {};
  return { ...params, payload: params.payload.text, start, end, members };
}

const metaOf = (json: string): ScannedMeta | undefined => (readFrame(messageOf(json)) as RequestFrame).params.meta;

const ENVELOPE = `{"${META.protocolVersion}":"2026-07-28","${META.clientInfo}":{"name":"c"},"${META.clientCapabilities}":{}}`;

describe('a _meta that came before', () => {
  it('says the same as when it was read', () => {
    const key = fc.constantFrom(
      META.protocolVersion,
      META.clientCapabilities,
      META.logLevel,
      'progressToken',
      'a',
      'é',
    );
    const meta = fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
    const spacing = fc.constantFrom(undefined, 1);
    check(
      fc.property(meta, spacing, fc.constantFrom('', ',"arguments":{}', ' , "x" : [1] '), (value, indent, rest) => {
        const json = JSON.stringify(value, null, indent);
        const first = read(messageOf(json, rest));
        expect(read(messageOf(json, rest))).toEqual(first);
      }),
      500,
    );
  });

  it('is another one if only what follows it, or its last byte, is another', () => {
    expect(metaOf(ENVELOPE)).toBe(metaOf(ENVELOPE));
    expect(metaOf(ENVELOPE.replace('"c"', '"d"'))).not.toBe(metaOf(ENVELOPE));
    const longer = ENVELOPE.replace(/\}$/, ',"x":1}');
    expect(read(messageOf(longer))).toMatchObject({ start: 20, end: 20 + longer.length });
    expect(() => readFrame(messageOf(ENVELOPE, ',"_meta":{}'))).toThrow('"_meta" stands twice');
    expect(() => readFrame(messageOf(`${ENVELOPE}}`))).toThrow('expected the end');
  });

  it('is not kept with a progress token: each call has another one', () => {
    const json = ENVELOPE.replace('{', '{"progressToken":7,');
    expect(metaOf(json)).not.toBe(metaOf(json));
    expect(metaOf(json)).toMatchObject({ progressToken: 7 });
  });

  it('counts for the limits each time', () => {
    const message = messageOf('{"a":[1,2,3,4,5,6,7,8]}', ',"x":[1,2]');
    const limits = { ...DEFAULT_JSON_LIMITS, maxElements: 100 };
    readFrame(message, limits);
    readFrame(message, { ...limits, maxElements: 17 });
    expect(() => readFrame(message, { ...limits, maxElements: 16 })).toThrow('more than 16 values');
    expect(() => readFrame(message, { ...limits, maxDepth: 3 })).toThrow('nests deeper than 3 levels');
  });
});
