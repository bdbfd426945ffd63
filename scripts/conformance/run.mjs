// Runs the public conformance suite: `npm run conformance`. It needs Node 22, so it and a newer Node are installed into
// a cache folder; the program it judges runs on this Node.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGES = ['@modelcontextprotocol/conformance@0.2.0-alpha.12', 'node@24'];
const REVISIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
const EXPECTED = 101;
const AT_ONCE = 4;
const TIMEOUT_MS = 60_000;

const root = fileURLToPath(new URL('../../', import.meta.url));
const tools = join(root, 'node_modules/.cache/conformance');
const env = { ...process.env, PATH: `${join(tools, 'node_modules/.bin')}:${process.env.PATH}` };
const run = promisify(execFile);

await install();
const runs = (await Promise.all(REVISIONS.map(scenariosOf))).flat();
const server = spawn(process.execPath, ['--import', './scripts/run.mjs', 'scripts/conformance/server.ts'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const results = [];
try {
  const [url] = await once(createInterface(server.stdout), 'line');
  const waiting = [...runs];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await judge(url, next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
} finally {
  server.kill();
}
const failed = results.filter(({ faults }) => faults.length > 0);
for (const { scenario, revision, faults } of failed) console.log(`${revision} ${scenario}\n  ${faults.join('\n  ')}`);
console.log(`conformance server: ${results.length - failed.length} of ${EXPECTED}`);
process.exitCode = failed.length > 0 || results.length !== EXPECTED ? 1 : 0;

async function install() {
  const marker = join(tools, 'installed.json');
  const wanted = JSON.stringify(PACKAGES);
  if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', ...PACKAGES], { cwd: tools });
  await access(join(tools, 'node_modules/.bin/conformance'));
  await writeFile(marker, wanted);
}

async function scenariosOf(revision) {
  const { stdout } = await run('conformance', ['list', '--server', '--spec-version', revision], { cwd: tools, env });
  const names = [...stdout.matchAll(/^ {2}- (\S+) \[/gm)].map(([, name]) => name);
  return names.map((scenario) => ({ scenario, revision }));
}

/** A scenario passes when nothing failed or warned, and something of its own succeeded. */
async function judge(url, { scenario, revision }) {
  const out = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const args = ['server', '--url', url, '--scenario', scenario, '--spec-version', revision, '-o', out];
    const ended = await run('conformance', args, { cwd: out, env, timeout: TIMEOUT_MS }).catch((error) => error);
    const checks = await checksIn(out);
    const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
    const own = checks.filter(({ id, status }) => status === 'SUCCESS' && !id.startsWith('wire-schema'));
    const faults = bad.map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? ''}`);
    if (own.length === 0) faults.push(`nothing of its own succeeded ${String(ended.stderr ?? '').slice(0, 300)}`);
    return { scenario, revision, faults };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function checksIn(folder) {
  const files = await readdir(folder, { recursive: true });
  const found = files.filter((file) => file.endsWith('checks.json'));
  const lists = await Promise.all(found.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))));
  return lists.flat();
}
