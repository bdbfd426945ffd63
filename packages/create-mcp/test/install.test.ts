import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { install } from '../src/install.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A package manager that writes down how it was called. */
async function fakeManager(exitCode: number): Promise<string> {
  const folder = await temporaryFolder();
  const script = join(folder, 'npm-cli.js');
  await writeFile(
    script,
    `require('fs').writeFileSync('called.json', JSON.stringify(process.argv.slice(2))); process.exit(${exitCode});`,
  );
  vi.stubEnv('npm_execpath', script);
  return folder;
}

test('it runs the package manager that started it, in the folder of the project', async () => {
  const folder = await fakeManager(0);
  await install(folder);
  expect(JSON.parse(await readFile(join(folder, 'called.json'), 'utf8'))).toEqual(['install']);
});

test('a package manager that fails is an error that tells that the project is there', async () => {
  const folder = await fakeManager(7);
  await expect(install(folder)).rejects.toMatchObject({
    code: 'install_failed',
    message: 'The project is there, but npm install failed: it ended with 7.',
  });
});

test('a package manager that cannot be started is the same error', async () => {
  vi.stubEnv('npm_execpath', '');
  vi.stubEnv('PATH', '');
  await expect(install(await temporaryFolder())).rejects.toMatchObject({ code: 'install_failed' });
});
