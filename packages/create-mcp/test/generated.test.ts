// Makes projects with the built program, as a user has it, and runs them against the built SDK of this repository.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
let folder = '';

beforeAll(async () => {
  const build = `import { buildPackages } from ${JSON.stringify(new URL('../../../scripts/build.mjs', import.meta.url).href)};
    process.exitCode = (await buildPackages()) ? 0 : 1;`;
  await run(process.execPath, ['--input-type=module', '--eval', build], { cwd: root });
  folder = await realpath(await mkdtemp(join(tmpdir(), 'create-mcp-generated-')));
  await copyPackage('create-mcp', join(folder, 'program'));
  await copyPackage('sdk', join(folder, 'sdk'));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Away from the repository a package finds only what it declares; and a build that starts now does not disturb. */
async function copyPackage(name: string, to: string): Promise<void> {
  for (const part of ['dist', 'package.json'])
    await cp(join(root, 'packages', name, part), join(to, part), { recursive: true });
  await linkDependencies(to, ['dependencies']);
}

/** Puts what the manifest of `project` names into its `node_modules`. */
async function linkDependencies(project: string, kinds: readonly string[]): Promise<void> {
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Record<string, object>;
  for (const dependency of kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))) {
    const link = join(project, 'node_modules', dependency);
    const isSdk = dependency === '@org/mcp-sdk';
    await mkdir(dirname(link), { recursive: true });
    await symlink(
      isSdk ? join(folder, 'sdk') : await realpath(join(root, 'node_modules', dependency)),
      link,
      'junction',
    );
  }
}

/** Makes a project, gives it the dependencies that its manifest names, and runs its `npm test`, which builds it. */
async function makeProject(name: string, ...options: string[]): Promise<string> {
  const program = join(folder, 'program/dist/cli.js');
  const { stdout } = await run(process.execPath, [program, name, ...options], { cwd: folder });
  const project = join(folder, name);
  expect(stdout).toContain(`Made ${project}`);
  await linkDependencies(project, ['dependencies', 'devDependencies']);
  const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };
  const tested = await run('npm', ['test'], { cwd: project, env, shell: process.platform === 'win32' });
  expect(tested.stdout).toMatch(/pass 2\b/);
  return project;
}

async function greet(client: Client): Promise<void> {
  expect((await client.listTools()).tools).toMatchObject([{ name: 'greet', inputSchema: { required: ['name'] } }]);
  const { content } = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
  expect(content).toEqual([{ type: 'text', text: 'Hello, Ada!' }]);
}

test('a project over stdio compiles, passes its test and answers an official client', async () => {
  const project = await makeProject('over-stdio');
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(project, 'dist/main.js')] }));
  await greet(client);
  await client.close();
});

test('a project over HTTP compiles, passes its test, answers an official client and ends on SIGTERM', async () => {
  const project = await makeProject('over-http', '--transport', 'http');
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: project,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const url = /^Listening on (http:\S+)$/.exec(line)?.[1] ?? '';
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    await greet(client);
    await client.close();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // Windows knows no signals: there the process is ended, not asked to end.
    expect(await ended).toEqual(process.platform === 'win32' ? [null, 'SIGTERM'] : [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('the program has nothing to install, and exits with 2 where nobody can be asked', async () => {
  const manifest = JSON.parse(await readFile(join(folder, 'program/package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('dependencies');
  const before = await readdir(folder);
  const child = spawn(process.execPath, [join(folder, 'program/dist/cli.js')], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.resume();
  expect(await once(child, 'exit')).toEqual([2, null]);
  expect(await readdir(folder)).toEqual(before);
});

test('the file that npm links as the command is a program', async () => {
  const file = await readFile(join(folder, 'program/dist/cli.js'), 'utf8');
  expect(file.startsWith('#!/usr/bin/env node\n')).toBe(true);
});
