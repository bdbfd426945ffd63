// `npm test`: every check, then the tests. `npm run check` (--check): the checks only.
// One line per step; a step's output is shown when it fails, or always with --verbose or CI=true.
// All steps run; the exit code says whether one failed. A summary is left for .ci/run.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const cache = join(root, 'node_modules/.cache');
const verbose = process.argv.includes('--verbose') || process.env.CI === 'true';
/** The scripts of package.json, two at a time; the slow ones first. */
const checks = ['lint', 'docs', 'types', 'packages', 'size', 'boundaries', 'unused', 'format'];
const results = [];

rmSync(join(cache, 'test/summary.json'), { force: true });
rmSync(join(cache, 'vitest/report.json'), { force: true });
const queue = [...checks];
await Promise.all([worker(), worker()]);
// Alone, because some tests measure time.
if (!process.argv.includes('--check')) results.push(await run('unit', ['--coverage']));
finish();

async function worker() {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) results.push(await run(name, []));
}

async function run(name, args) {
  const started = performance.now();
  const { code, output } = await npmRun(name, args);
  const result = { name, ok: code === 0, seconds: Number(((performance.now() - started) / 1000).toFixed(1)) };
  console.log(`${result.ok ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${result.seconds.toFixed(1).padStart(6)} s`);
  if ((verbose || !result.ok) && output.trim() !== '') console.log(output.trimEnd().replace(/^/gm, '    '));
  return result;
}

/** Runs a script of package.json without its pre-script: `ensure` has run already. */
function npmRun(name, args) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const child = spawn(command, [...first, 'run', '--silent', '--ignore-scripts', name, '--', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    shell: command === 'npm' && process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

function finish() {
  const failed = results.filter((result) => !result.ok).map((result) => result.name);
  mkdirSync(join(cache, 'test'), { recursive: true });
  writeFileSync(join(cache, 'test/summary.json'), JSON.stringify({ steps: results }));
  const seconds = process.uptime().toFixed(0);
  console.log(
    failed.length === 0 ? `all ${results.length} steps passed in ${seconds} s` : `failed: ${failed.join(', ')}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}
