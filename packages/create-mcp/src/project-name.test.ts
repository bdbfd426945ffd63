import { expect, test } from 'vitest';
import { faultOfName, folderOf } from './project-name.ts';

test.each(['my-server', 'a', '4ever', 'with.dots_and~tilde', '@org/my-server'])('%s is a name', (name) => {
  expect(faultOfName(name)).toBeUndefined();
});

test.each([
  ['', 'needs a name'],
  ['  ', 'needs a name'],
  ['My Server', 'Try "my-server".'],
  ['.hidden', 'Try "hidden".'],
  ['_private', 'begins with a letter or digit'],
  ['-x', 'begins with a letter or digit'],
  ['../up', 'Try "up".'],
  ['/etc', 'no npm name'],
  ['a/b', 'no npm name'],
  ['@org', 'no npm name'],
  ['@org/', 'no npm name'],
  ['@org/../up', 'no npm name'],
  ["it's", 'Try "it-s".'],
  ['日本', 'no npm name'],
  ['http', 'taken by Node or npm'],
  ['node_modules', 'taken by Node or npm'],
  ['@org/node_modules', 'taken by Node or npm'],
  ['x'.repeat(215), '215 characters'],
])('"%s" is refused: %s', (name, why) => {
  expect(faultOfName(name)).toContain(why);
});

test('what is proposed is a name, or nothing is proposed', () => {
  expect(faultOfName('日本')).not.toContain('Try');
  const proposed = /Try "(.*)"/.exec(faultOfName('  Ünï @Server!! ') ?? '')?.[1];
  expect(faultOfName(proposed ?? '')).toBeUndefined();
});

test('the folder of a scoped project is its name without the scope', () => {
  expect(folderOf('@org/my-server')).toBe('my-server');
  expect(folderOf('my-server')).toBe('my-server');
});
