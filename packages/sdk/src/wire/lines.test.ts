import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, check, text } from '../../test/support/property.ts';
import { encodeLine, LineSplitter } from './lines.ts';

describe('lines', () => {
  it('come back whole, however the bytes are cut', () => {
    check(
      fc.property(fc.array(fc.json({ stringUnit: 'grapheme' })), fc.integer({ min: 1, max: 30 }), (messages, size) => {
        const wire = bytes(messages.map((json) => text(encodeLine(json))).join(''));
        const splitter = new LineSplitter(1_000_000);
        const lines: string[] = [];
        for (let at = 0; at < wire.length; at += size)
          lines.push(...splitter.push(wire.subarray(at, at + size)).map(text));
        expect(lines).toEqual(messages);
      }),
    );
  });

  it('are dropped when they are empty, with or without a carriage return', () => {
    expect(new LineSplitter(10).push(bytes('\n\r\na\n\n')).map(text)).toEqual(['a']);
  });

  it('are refused when one is too long, whether or not it ends', () => {
    const splitter = new LineSplitter(10);
    expect(splitter.push(bytes('12345'))).toEqual([]);
    expect(() => splitter.push(bytes('678901'))).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
  });

  it('may be any number in one chunk', () => {
    expect(new LineSplitter(3).push(bytes('abc\n'.repeat(100)))).toHaveLength(100);
  });

  it.each([
    ['{"a":1}', '{"a":1}\n'],
    ['{\n"a":\r\n1}', '{ "a":\r 1}\n'],
  ])('write %j on one line', (json, line) => {
    expect(text(encodeLine(json))).toBe(line);
    expect(text(encodeLine(bytes(json)))).toBe(line);
  });

  it('keep bytes as bytes', () => {
    expect(encodeLine(bytes('{}'))).toEqual(bytes('{}\n'));
  });
});
