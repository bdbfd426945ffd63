import { readFileSync } from 'node:fs';
import { check } from 'prettier';
import { expect, test } from 'vitest';
import { plan } from './plan.ts';
import { TRANSPORTS } from './transport.ts';

test.each(TRANSPORTS)('a project over %s is the same few files, formatted', async (transport) => {
  const files = plan({ name: '@org/my-server', transport });
  expect(files.map(({ path }) => path)).toEqual([
    '.gitignore',
    'README.md',
    'package.json',
    'src/main.ts',
    'src/server.test.ts',
    'src/server.ts',
    'tsconfig.json',
  ]);
  for (const { path, content } of files.slice(1))
    expect([path, await check(content, { filepath: path, singleQuote: true, printWidth: 120 })]).toEqual([path, true]);
});

test('the package has the whole name, the server the one without the scope', () => {
  const files = new Map(
    plan({ name: '@org/my-server', transport: 'stdio' }).map(({ path, content }) => [path, content]),
  );
  expect(JSON.parse(files.get('package.json') ?? '')).toMatchObject({ name: '@org/my-server', private: true });
  expect(files.get('src/server.ts')).toContain("name: 'my-server'");
  expect(files.get('README.md')).toContain('"my-server": { "command": "node"');
});

test('only what depends on the transport differs', () => {
  const over = (transport: 'stdio' | 'http') => plan({ name: 'x', transport });
  const http = new Map(over('http').map(({ path, content }) => [path, content]));
  const differing = over('stdio').filter(({ path, content }) => http.get(path) !== content);
  expect(differing.map(({ path }) => path)).toEqual(['README.md', 'src/main.ts']);
});

test('the SDK that projects ask for is the one of this repository', () => {
  const sdk = JSON.parse(readFileSync(new URL('../../sdk/package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { content } = plan({ name: 'x', transport: 'stdio' }).find(({ path }) => path === 'package.json')!;
  // A caret range of 0.x means: the same 0.x, this patch or a later one.
  const { dependencies } = JSON.parse(content) as { dependencies: Record<string, string> };
  const asked = /^\^0\.(\d+)\.(\d+)$/.exec(dependencies['@org/mcp-sdk'] ?? '');
  const [major, minor, patch] = sdk.version.split('.').map(Number);
  expect([major, minor]).toEqual([0, Number(asked?.[1])]);
  expect(patch).toBeGreaterThanOrEqual(Number(asked?.[2]));
});
