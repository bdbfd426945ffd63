// Builds the packages whose dist is missing or stale; `npm run build` builds them all.
// No dependencies: it runs before anything is installed. Writes to stderr only.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
/** Whatever here changes makes every dist stale. */
const sharedInputs = [
  'package-lock.json',
  'tsconfig.json',
  'scripts/config/tsconfig.build.json',
  'scripts/config/rolldown.config.js',
].map((file) => join(root, file));
const testFile = /\.(?:test|test-d|bench)\.ts$/;

/**
 * Builds in dependency order, independent packages side by side.
 *
 * @param options - `force` builds what is fresh, too
 * @returns whether all builds succeeded
 */
export async function buildPackages({ force = false } = {}) {
  const packages = findPackages();
  const running = new Map();
  const build = (pkg) => {
    if (!running.has(pkg.name)) running.set(pkg.name, buildAfterDependencies(pkg));
    return running.get(pkg.name);
  };
  const buildAfterDependencies = async (pkg) => {
    const needed = pkg.needs.map((name) => packages.get(name)).filter((other) => other !== undefined);
    const ready = await Promise.all(needed.map(build));
    if (ready.includes(false)) return false;
    return (!force && isFresh(pkg)) || runRolldown(pkg);
  };
  const results = await Promise.all([...packages.values()].map(build));
  return !results.includes(false);
}

/** Packages that have something to build, by npm name, each with a hash of all that its dist depends on. */
function findPackages() {
  const packages = new Map();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const path = join(root, 'packages', folder);
    if (!existsSync(join(path, 'package.json')) || sourceFiles(join(path, 'src')).length === 0) continue;
    const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const needs = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    packages.set(manifest.name, { name: manifest.name, path, needs, outputs: outputsOf(manifest) });
  }
  const hashes = new Map();
  const hashOf = (pkg) => {
    if (!hashes.has(pkg.name)) {
      const files = [...sharedInputs, join(pkg.path, 'package.json'), ...sourceFiles(join(pkg.path, 'src'))];
      const upstream = pkg.needs.filter((name) => packages.has(name)).map((name) => hashOf(packages.get(name)));
      hashes.set(pkg.name, hashFiles(files, upstream));
    }
    return hashes.get(pkg.name);
  };
  for (const pkg of packages.values()) pkg.hash = hashOf(pkg);
  return packages;
}

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !testFile.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashFiles(files, extra) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.update(extra.join('\0')).digest('hex');
}

/** Every file under dist that the manifest promises. */
function outputsOf(manifest) {
  const promised = JSON.stringify([manifest.exports, manifest.imports, manifest.bin]);
  return [...new Set(promised.match(/\.\/dist\/[^"]+/g) ?? [])];
}

function isFresh(pkg) {
  const stamp = join(pkg.path, 'dist', '.build');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== pkg.hash) return false;
  return pkg.outputs.every((file) => existsSync(join(pkg.path, file)));
}

async function runRolldown(pkg) {
  process.stderr.write(`build: packages/${basename(pkg.path)}\n`);
  rmSync(join(pkg.path, 'dist'), { recursive: true, force: true });
  const rolldown = join(root, 'node_modules/rolldown/bin/cli.mjs');
  const config = join(root, 'scripts/config/rolldown.config.js');
  const child = spawn(process.execPath, [rolldown, '--config', config, '--logLevel', 'warn'], {
    cwd: pkg.path,
    stdio: ['ignore', 'ignore', 2],
  });
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
    child.on('error', () => resolve(1));
  });
  const missing = pkg.outputs.filter((file) => !existsSync(join(pkg.path, file)));
  for (const file of missing)
    process.stderr.write(`build: ${pkg.name} promises ${file}, which the build did not make\n`);
  if (code !== 0 || missing.length > 0) {
    process.stderr.write(`build: ${pkg.name} failed\n`);
    return false;
  }
  writeFileSync(join(pkg.path, 'dist', '.build'), pkg.hash);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = (await buildPackages({ force: true })) ? 0 : 1;
}
