// Brings a clone to a state in which any verb works: packages installed, dist built.
// Silent when there is nothing to do. No dependencies; writes to stderr only, so that a script's stdout stays its own.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackages } from './build.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const stampFile = join(root, 'node_modules/.ensure');
const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
const nodeMajor = process.versions.node.split('.')[0];
const stamp = `${createHash('sha256').update(lockText).digest('hex')} node${nodeMajor}\n`;

if (!isInstalled()) install();
if (!process.argv.includes('--install-only') && !(await buildPackages())) process.exit(1);

function isInstalled() {
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8') === stamp;
  if (!installedByHand()) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

/** Whether `npm install` put in place what the lockfile lists; then a second install would be a waste. */
function installedByHand() {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(lockText).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional)
    .every(([path, entry]) => present[path] !== undefined && present[path].version === entry.version);
}

function install() {
  process.stderr.write('ensure: npm ci\n');
  // npm sets npm_execpath for its scripts; the same npm then runs without a shell on every system.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write('ensure: npm ci failed; see the lines above\n');
    process.exit(1);
  }
  writeFileSync(stampFile, stamp);
}
