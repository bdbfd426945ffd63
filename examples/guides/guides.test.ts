import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GUIDES = [
  'first-server',
  'first-client',
  'middleware',
  'asking',
  'tasks',
  'names-and-views',
  'servers-with-sessions',
  'production',
  'profiling',
];

/** `<!-- file#region -->`, then the code of that region. */
const SNIPPET = /<!-- (\S+)#(\S+) -->\n\n```ts\n(.*?)```/gs;

const read = (path: string): Promise<string> => readFile(new URL(path, new URL('../../', import.meta.url)), 'utf8');

function regionOf(code: string, name: string): string {
  const [, region] = new RegExp(`// #region ${name}\\n(.*?)// #endregion`, 's').exec(code) ?? [];
  if (region === undefined) throw new Error(`There is no region ${name}.`);
  return region;
}

describe.each(GUIDES)('the guide %s', (guide) => {
  it('shows what its example holds, and all of it', async () => {
    const text = await read(`docs/guides/${guide}.md`);
    const shown = [...text.matchAll(SNIPPET)].map(([, file = '', region = '', snippet]) => ({ file, region, snippet }));
    expect(shown.length).toBe(text.split('```ts').length - 1);
    for (const file of new Set([`examples/guides/${guide}.ts`, ...shown.map((snippet) => snippet.file)])) {
      const code = await read(file);
      const ofFile = shown.filter((snippet) => snippet.file === file);
      for (const { region, snippet } of ofFile) expect(snippet).toBe(regionOf(code, region));
      expect(ofFile.map(({ region }) => region)).toEqual([...code.matchAll(/#region (\S+)/g)].map(([, name]) => name));
    }
  });

  it('runs', async () => {
    const args = ['--import', './scripts/run.mjs', `examples/guides/${guide}.ts`];
    await expect(promisify(execFile)(process.execPath, args, { cwd: ROOT })).resolves.toBeDefined();
  });
});

it('no guide is left out', async () => {
  const files = await readdir(new URL('../../docs/guides/', import.meta.url));
  expect(files.sort()).toEqual(GUIDES.map((guide) => `${guide}.md`).sort());
});
