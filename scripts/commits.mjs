// Lints commit messages: those that origin/main lacks; if there are none, the last one.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim();
const isAhead = git('rev-list', '--max-count=1', 'origin/main..HEAD') !== '';
const range = isAhead ? ['--from', 'origin/main', '--to', 'HEAD'] : ['--last'];
const cli = fileURLToPath(new URL('../node_modules/@commitlint/cli/cli.js', import.meta.url));
const { status } = spawnSync(process.execPath, [cli, ...range], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
