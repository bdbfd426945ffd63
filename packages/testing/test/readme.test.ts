import { readFile } from 'node:fs/promises';
import { format } from 'node:util';
import { expect, test, vi } from 'vitest';

const read = (file: string): Promise<string> => readFile(new URL(file, import.meta.url), 'utf8');

test('the example of the README is compiled here, and prints what its comments say', async () => {
  const source = await read('./readme-example.ts');
  const region = /\/\/#region readme\n([^]*)\/\/#endregion/.exec(source)?.[1] ?? '';
  expect(await read('../README.md')).toContain(`\`\`\`ts\n${region}\`\`\``);
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => void printed.push(format(...args)));
  await import('./readme-example.ts');
  expect(printed).toEqual([...region.matchAll(/^console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1]));
  expect(printed).toHaveLength(3);
});
