// Checks what a user would install: the packed tarballs, with publint and attw, and the promise `ls src` = `exports`.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { overBudget } from './install-size.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const packs = join(root, 'node_modules/.cache/packs');
const faults = [];

rmSync(packs, { recursive: true, force: true });
mkdirSync(packs, { recursive: true });
for (const folder of readdirSync(join(root, 'packages'))) checkPackage(join(root, 'packages', folder));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

function checkPackage(path) {
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  if (!existsSync(join(path, 'src'))) return void faults.push(`${manifest.name}: has no src`);
  checkExports(path, manifest);
  checkPortable(path, manifest);
  const packed = pack(path, manifest);
  if (packed === undefined) return;
  checkFiles(manifest, packed.files);
  faults.push(...overBudget(manifest, packed));
  const tarball = join(packs, packed.filename);
  run(manifest, 'publint', ['run', tarball, '--strict']);
  // attw looks at entries; a program has none.
  if (manifest.exports)
    run(manifest, 'attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji']);
}

/** Root files are the exports map, one file per key; platform.*.ts are the targets of the imports map instead. */
function checkExports(path, manifest) {
  if (!manifest.exports) return;
  const files = readdirSync(join(path, 'src'))
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|test-d|bench)\.ts$/.test(file))
    .map((file) => basename(file, '.ts'));
  const wanted = Object.keys(manifest.exports).map((key) => (key === '.' ? 'index' : key.slice(2)));
  const doors = manifest.imports ? ['platform.node', 'platform.web'] : [];
  const promised = new Set([...wanted, ...doors]);
  for (const file of files.filter((name) => !promised.has(name))) {
    faults.push(`${manifest.name}: src/${file}.ts is no key of "exports"`);
  }
  for (const name of [...promised].filter((key) => !files.includes(key))) {
    faults.push(`${manifest.name}: package.json promises ${name}, but there is no src/${name}.ts`);
  }
}

/** What a web runtime would load must lead to no Node builtin: every entry but ./node, followed through its chunks. */
function checkPortable(path, manifest) {
  if (!manifest.imports) return;
  const entries = Object.keys(manifest.exports).filter((key) => key !== './node');
  const queue = [...entries.map((key) => `${key === '.' ? 'index' : key.slice(2)}.js`), 'platform.web.js'];
  const seen = new Set(queue);
  for (const file of queue) {
    const full = join(path, 'dist', file);
    if (!existsSync(full)) return void faults.push(`${manifest.name}: dist/${file} is missing; run npm run build`);
    for (const name of importsOf(readFileSync(full, 'utf8'))) {
      const chunk = name.startsWith('./') ? name.slice(2) : undefined;
      if (isBuiltin(name))
        faults.push(`${manifest.name}: dist/${file} imports ${name}, and entries other than ./node load it`);
      if (chunk !== undefined && !seen.has(chunk)) queue.push(chunk);
      if (chunk !== undefined) seen.add(chunk);
    }
  }
}

function importsOf(code) {
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^;'"]*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ];
  return found.map((match) => match[1]);
}

function pack(path, manifest) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const args = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', packs];
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], { cwd: path, encoding: 'utf8' });
  if (status !== 0) return void faults.push(`${manifest.name}: npm pack failed\n${stdout}${stderr}`);
  const answer = JSON.parse(stdout);
  return Array.isArray(answer) ? answer[0] : Object.values(answer)[0];
}

function checkFiles(manifest, files) {
  const names = files.map((file) => file.path);
  for (const name of ['README.md', 'LICENSE'].filter((file) => !names.includes(file))) {
    faults.push(`${manifest.name}: the tarball lacks ${name}`);
  }
  for (const name of names.filter((file) => /(?:^|\/)(?:src|test|node_modules)\/|\.(?:test|test-d)\./.test(file))) {
    if (!name.startsWith('templates/')) faults.push(`${manifest.name}: the tarball should not hold ${name}`);
  }
}

function run(manifest, tool, args) {
  const bin = join(root, 'node_modules/.bin', process.platform === 'win32' ? `${tool}.cmd` : tool);
  const { status, stdout, stderr } = spawnSync(bin, args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) faults.push(`${manifest.name}: ${tool} found faults\n${stdout}${stderr}`);
}
