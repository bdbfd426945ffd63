import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

it.each([
  ['shop.ts', 'README.md', ''],
  ['counter.ts', 'packages/sdk/README.md', 'Listening on http://127.0.0.1:'],
])('%s runs, and is what %s shows', async (file, readme, printed) => {
  const args = ['--import', './scripts/run.mjs', `examples/shop/${file}`];
  const env = { ...process.env, PORT: '0' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(ROOT), env });
  expect(stdout).toContain(printed);
  const [code, shown] = await Promise.all(
    [`examples/shop/${file}`, readme].map((path) => readFile(new URL(path, ROOT), 'utf8')),
  );
  const regions = [...(code ?? '').matchAll(/\/\/ #region \S+\n(.*?)\/\/ #endregion/gs)].map(
    ([, region]) => region ?? '',
  );
  expect(regions.length).toBeGreaterThan(0);
  for (const region of regions) expect(shown).toContain(`\`\`\`ts\n${region}\`\`\``);
});
