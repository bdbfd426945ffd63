import { describe, expect, it } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { KNOWN_TEXTS, knownText } from './interned-text.ts';
import { readFrame } from './message.ts';

describe('knownText', () => {
  it.each(KNOWN_TEXTS.map((text, number) => ({ text, number })))('finds $text', ({ text, number }) => {
    const json = bytes(`"${text}"`);
    expect(knownText(json, 1, json.length - 1)).toBe(number);
    const other = bytes(`"${text.slice(0, -1)}~"`);
    expect(knownText(other, 1, other.length - 1)).toBe(-1);
  });
});

describe('a key that stands twice', () => {
  /** The key with its first character escaped. */
  const escaped = (key: string): string => `\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}`;
  const refusal = (params: string) => (): unknown =>
    readFrame(bytes(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${params}}`));

  it.each([...KNOWN_TEXTS, 'other'].filter((key) => key !== '_meta'))('is refused in two spellings: %s', (key) => {
    expect(refusal(`{"${key}":"a","${escaped(key)}":"b"}`)).toThrow('stands twice');
    expect(refusal(`{"${escaped(key)}":"a","${key}":"b"}`)).toThrow('stands twice');
    expect(refusal(`{"_meta":{"${key}":"a","${escaped(key)}":"b"}}`)).toThrow('stands twice');
  });
});
