import { describe, expect, test } from 'vitest';
import { parseUriTemplate } from './uri-template.ts';

describe('a URI template', () => {
  test.each<[string, string, object | undefined]>([
    ['notes://{id}', 'notes://7', { id: '7' }],
    ['notes://{id}', 'notes://a%20b', { id: 'a b' }],
    ['notes://{id}', 'notes://50%', { id: '50%' }],
    ['notes://{id}', 'notes://a/b', undefined],
    ['notes://{id}', 'other://7', undefined],
    ['notes://{id}', `notes://${'x'.repeat(9_000)}`, undefined],
    ['file:///{+path}', 'file:///a/b.txt', { path: 'a/b.txt' }],
    ['db://{a}/{b}', 'db://x/y', { a: 'x', b: 'y' }],
    ['db://{a,b}', 'db://x,y', { a: 'x', b: 'y' }],
    ['db://x{/rest*}', 'db://x/a/b', { rest: 'a/b' }],
    ['db://x{.ext}', 'db://x.json', { ext: 'json' }],
    ['db://x{#part}', 'db://x#p', { part: 'p' }],
    ['db://x{?page,size}', 'db://x?page=1&size=2', { page: '1', size: '2' }],
    ['db://x{?page,size}', 'db://x', { page: '', size: '' }],
    ['db://x?a=1{&b}', 'db://x?a=1&b=2', { b: '2' }],
    ['a.b://({id})', 'a.b://(1)', { id: '1' }],
    ['a.b://{id}', 'aXb://1', undefined],
    ['log://{year}-{month}-{day}', 'log://2026-01-31', { year: '2026', month: '01', day: '31' }],
    ['log://{a}-{b}', 'log://1-2-3', { a: '1-2', b: '3' }],
    ['log://{a}-{b}', 'log://1-', undefined],
    ['x://{+a}/{b}.json', 'x://1/2/3.json', { a: '1/2', b: '3' }],
    ['x://{id}', 'x://a%2F..%2Fb', { id: 'a/../b' }],
    ['x://{a}{?b}', 'x://1?b=', { a: '1', b: '' }],
  ])('%s and %s', (template, uri, expected) => {
    expect(parseUriTemplate(template).match(uri)).toEqual(expected);
  });

  test.each([
    ['notes://', 'must have 1 to 16 expressions'],
    ['{a}'.repeat(17), 'must have 1 to 16 expressions'],
    ['x://{a}/{a}', 'a variable is used twice'],
    ['x://{a}/{', 'a brace is not closed'],
    ['x://{a b}', '"a b" is no name of a variable'],
  ])('%s is refused', (template, why) => {
    expect(() => parseUriTemplate(template)).toThrow(why);
  });

  test.each([
    ['log://{year}-{month}-{day}', `log://${'-'.repeat(8_000)}/`],
    ['x://{+a}{+b}{+c}{+d}!', `x://${'a'.repeat(8_000)}`],
    ['x://{+a}/{+b}/{+c}/{+d}.json', `x://${'/'.repeat(8_000)}`],
    ['x://y{?a,b,c}', `x://y${'?a='.repeat(2_000)}#`],
  ])('%s does not keep the process busy with a long URI that does not fit', (template, uri) => {
    expect(parseUriTemplate(template).match(uri)).toBeUndefined();
  });
});
