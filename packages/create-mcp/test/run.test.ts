import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ask } from '../src/ask.ts';
import { CreateError } from '../src/errors.ts';
import { run, type Surroundings } from '../src/run.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function start(argv: readonly string[], world: Partial<Surroundings> = {}) {
  const cwd = await temporaryFolder();
  const printed: string[] = [];
  const complaints: string[] = [];
  const installed: string[] = [];
  const code = await run(argv, {
    cwd,
    print: (text) => void printed.push(text),
    complain: (text) => void complaints.push(text),
    ask: undefined,
    install: async (folder) => void installed.push(folder),
    ...world,
  });
  return { cwd, code, installed, out: printed.join('\n'), errors: complaints.join('\n') };
}

test('a name makes a project and prints the next commands, without installing', async () => {
  const { cwd, code, out, installed } = await start(['@org/my-server']);
  expect(code).toBe(0);
  expect(await readdir(join(cwd, 'my-server'))).toContain('package.json');
  expect(out).toContain('  cd my-server\n  npm install\n  npm run build\n  npm test');
  expect(installed).toEqual([]);
});

test('--install installs in the project and is not printed as a next command', async () => {
  const { cwd, code, out, installed } = await start(['x', '--install', '--transport', 'http']);
  expect(code).toBe(0);
  expect(installed).toEqual([join(cwd, 'x')]);
  expect(out).not.toContain('npm install');
  expect(out).toContain('npm start');
});

test('a failed installation keeps the project and exits with 1', async () => {
  const install = () => Promise.reject(new CreateError('install_failed', 'no network'));
  const { cwd, code, errors } = await start(['x', '--install'], { install });
  expect([code, errors]).toEqual([1, 'create-mcp: no network']);
  expect(await readdir(join(cwd, 'x'))).toContain('package.json');
});

test('a second run refuses the folder that the first has made', async () => {
  const first = await start(['x']);
  const second = await start(['x'], { cwd: first.cwd });
  expect(second.code).toBe(1);
  expect(second.errors).toContain('is not empty');
});

test('--help and --version print and write nothing', async () => {
  const help = await start(['x', '--help']);
  expect([help.code, await readdir(help.cwd)]).toEqual([0, []]);
  expect(help.out).toContain('Usage: npm create mcp <name>');
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as object;
  expect(manifest).toHaveProperty('version', (await start(['-v'])).out);
});

test('without a name and a terminal it says so and exits with 2', async () => {
  const { code, errors, cwd } = await start([]);
  expect(code).toBe(2);
  expect(errors).toContain('The name is missing, and there is no terminal to ask for it.');
  expect(errors).toContain('--help');
  expect(await readdir(cwd)).toEqual([]);
});

test('a bad name exits with 2 and writes nothing', async () => {
  const { code, errors, cwd } = await start(['My Server']);
  expect([code, await readdir(cwd)]).toEqual([2, []]);
  expect(errors).toContain('Try "my-server".');
});

test('without a name it asks the person at the terminal', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  output.once('data', () => input.write(' asked-for \n'));
  const { cwd, code } = await start([], { ask: (question) => ask(question, input, output) });
  expect([code, await readdir(cwd)]).toEqual([0, ['asked-for']]);
});

test('a terminal that is closed instead of answering ends the program with 2', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  output.once('data', () => input.end());
  const { cwd, code } = await start([], { ask: (question) => ask(question, input, output) });
  expect([code, await readdir(cwd)]).toEqual([2, []]);
});
