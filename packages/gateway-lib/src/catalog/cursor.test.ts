import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { readCursor, writeCursor } from './cursor.ts';

const refused = (cursor: unknown): unknown => {
  try {
    return readCursor('tools/list', cursor);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'invalid_params' });
    return 'refused';
  }
};

describe('a cursor', () => {
  it('says the key that it was written with, whatever that is', () => {
    check(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('a', '\ud800', 'é'), (text, end) => {
        const cursor = writeCursor('tools/list', text + end);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(readCursor('tools/list', cursor)).toBe(text + end);
      }),
    );
  });

  it('is not needed for the first page', () => {
    expect(readCursor('tools/list', undefined)).toBe('');
  });

  it.each([null, '', 5, {}, 'x', 'MQ', 'é', btoa('00000000["tools/list","x"]')])('%j is refused', (cursor) => {
    expect(refused(cursor)).toBe('refused');
  });

  it('of another list, cut or changed is refused', () => {
    const cursor = writeCursor('tools/list', 'search');
    expect(refused(writeCursor('prompts/list', 'search'))).toBe('refused');
    for (let at = 0; at < cursor.length; at++) {
      expect(refused(cursor.slice(0, at))).toBe('refused');
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(refused(cursor.slice(0, at) + other + cursor.slice(at + 1))).toBe('refused');
    }
    expect(refused(`${cursor}=`)).toBe('refused');
  });
});
