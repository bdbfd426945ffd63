import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { createSelector } from './selection.ts';

describe('a selection', () => {
  it.each([
    ['search', 'search', true],
    ['search', 'search_code', false],
    ['search_*', 'search_code', true],
    ['search_*', 'search_', true],
    ['*_code', 'search_code', true],
    ['*_code', '_code_', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['a*ab*b', 'aab', false],
    ['**', '', true],
    ['*', 'anything', true],
    ['Search', 'search', false],
    ['a.c', 'abc', false],
    ['file:///{+path}', 'file:///{+path}', true],
    ['file:///[ab]?', 'file:///a1', false],
  ])('%s of "%s" is %s', (pattern, name, expected) => {
    expect(createSelector({ include: [pattern] }).selects(name)).toBe(expected);
    expect(createSelector({ exclude: [pattern] }).selects(name)).toBe(!expected);
  });

  it('is everything without a word, nothing with none, and never what is excluded', () => {
    expect(createSelector({}).selects('x')).toBe(true);
    expect(createSelector({ include: [] }).selects('x')).toBe(false);
    const selector = createSelector({ include: ['get_*', 'put'], exclude: ['get_secret'] });
    expect(['get_a', 'put', 'get_secret', 'del'].map(selector.selects)).toEqual([true, true, false, false]);
  });

  it('means what the same words mean as a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    check(
      fc.property(pattern, text, (glob, name) => {
        const expected = new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name);
        expect(createSelector({ include: [glob] }).selects(name)).toBe(expected);
      }),
      2_000,
    );
  });

  it.each([
    'file:///docs/../secret/x',
    'file:///secret/x',
    'file:///%73ecret/x',
    'file:///docs/%2e%2e/secret/x',
    'file:///docs/..%2Fsecret/x',
    'FILE:///secret/x',
    // A server decodes the path, and what is wrong elsewhere does not keep it from that.
    'file:///docs/..%2fsecret/x?%ZZ',
    'file:///docs/%ff/..%2f..%2fsecret/x',
    // Decoded, the path would end there, and what follows would not lead up.
    'file:///docs/a%3f/../../secret/x',
    'file:///docs/a%23/../../secret/x',
    // A file system takes several slashes for one, a URL does not.
    'file:////secret/x',
    'file:///docs/a//../../secret/x',
    'file:///docs/..%255csecret/x',
    'file:///docs/..%252fsecret/x',
  ])('is not got around by spelling a URI %s', (uri) => {
    expect(createSelector({ exclude: ['file:///secret/*'] }).reaches(uri, true)).toBe(false);
    expect(createSelector({ include: ['file:///docs/*'] }).reaches(uri, false)).toBe(false);
  });

  it('sees through the spelling of URIs without an authority, and of schemes that no browser knows', () => {
    const selector = createSelector({ include: ['note:docs/*', 'note://a/docs/*'] });
    expect(selector.reaches('note:docs/../secret', false)).toBe(false);
    expect(selector.reaches('note://a/docs/b%3f/../../secret', false)).toBe(false);
    expect(selector.reaches('note:docs/a/../b', false)).toBe(true);
    expect(selector.reaches('note://a/docs/b?link=https://b//c/../d', false)).toBe(true);
    expect(selector.reaches(`note:docs/%${'25'.repeat(100)}2f`, false)).toBe(false);
    expect(selector.reaches(`note:docs/${'a'.repeat(8_192)}`, false)).toBe(false);
  });

  it('reaches what is included, or described by a template that is', () => {
    const selector = createSelector({ include: ['note://{id}', 'file:///docs/*'], exclude: ['note://7'] });
    expect(selector.reaches('file:///docs/a%20b', false)).toBe(true);
    expect(selector.reaches('note://8', false)).toBe(false);
    expect(selector.reaches('note://8', true)).toBe(true);
    expect(selector.reaches('note://7', true)).toBe(false);
    expect(selector.reaches('%', false)).toBe(false);
  });

  it('is not led by a template to where that does not stand', () => {
    const selector = createSelector({ include: ['file:///docs/{+path}', 'file:///more/*'] });
    expect(selector.reaches('file:///docs/a%2Fb', true)).toBe(true);
    for (const up of ['..', '%2e%2e', 'a%3f/..', '..%5c..'])
      expect(selector.reaches(`file:///docs/${up}/secret`, true)).toBe(false);
    expect(selector.reaches('file:///more/a/../b', true)).toBe(true);
    expect(selector.reaches('file:///docs/a?next=/../b', true)).toBe(true);
  });
});
