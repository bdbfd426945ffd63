// The public conformance suite: installs it, lists its scenarios, runs them and says what was wrong. It needs Node 22, so
// it and a newer Node are installed into a cache folder; the programs it judges run on this Node.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGES = ['@modelcontextprotocol/conformance@0.2.0-alpha.12', 'node@24'];
export const REVISIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
const INSTALL_MS = 180_000;
/** How long a client may take; on a busy machine it takes long to start. Unit: ms. */
const CLIENT_MS = 60_000;
/** For all server scenarios of a revision, one after another. */
const REVISION_MS = 300_000;

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const cache = join(root, 'node_modules/.cache/conformance');
const bin = join(cache, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
const start = promisify(execFile);
const results = mkdtempSync(join(tmpdir(), 'conformance-'));
const running = new Set();

process.once('exit', () => {
  for (const child of running) child.kill();
  rmSync(results, { recursive: true, force: true });
});

/** Installs what is not there yet. @throws if the registry cannot be reached */
export async function install() {
  const marker = join(cache, 'installed.json');
  const wanted = JSON.stringify(PACKAGES);
  if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'package.json'), '{"private":true}');
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...retries, ...PACKAGES];
  await run('npm', args, { cwd: cache, timeout: INSTALL_MS }).catch((error) => {
    const why = String(error.stderr || error.message)
      .split('\n', 3)
      .join('\n');
    throw new Error(`${PACKAGES.join(' and ')} could not be installed; is the npm registry reachable?\n${why}`);
  });
  await access(join(bin, 'conformance'));
  await writeFile(marker, wanted);
}

/** All runs of the client scenarios: each at each revision that has it. */
export async function clientRuns() {
  const dated = await Promise.all(
    REVISIONS.map(async (revision) => {
      const found = await listClient(['--spec-version', revision]);
      return found.map(({ scenario }) => ({ scenario, revision }));
    }),
  );
  return dated.flat();
}

/** The client scenarios of extensions, which belong to no revision. */
export async function extensionRuns() {
  const all = await listClient([]);
  return all.filter(({ tags }) => tags === 'extension').map(({ scenario }) => ({ scenario }));
}

async function listClient(args) {
  const { stdout } = await run('conformance', ['list', '--client', ...args], { cwd: cache, env });
  return [...stdout.matchAll(/^ {2}- (\S+) \[(.*)\]/gm)].map(([, scenario, tags]) => ({ scenario, tags }));
}

/**
 * Runs one client scenario. It passes when the suite says so, nothing failed or warned, and something of its own
 * succeeded: some scenarios have nothing to say when nothing happens.
 */
export async function judgeClient({ scenario, revision }, command) {
  return inFolder(async (out) => {
    const version = revision === undefined ? [] : ['--spec-version', revision];
    const which = ['--scenario', scenario, ...version, '--timeout', String(CLIENT_MS)];
    const args = ['client', '--command', command, ...which, '-o', out];
    const ended = await run('conformance', args, { cwd: root, env, timeout: 2 * CLIENT_MS }).catch((error) => error);
    const faults = faultsIn(await checksIn(out));
    if (faults.length === 0 && ended.code) faults.push(`the suite ended with ${ended.code}`);
    if (faults.length > 0 && ended.code) faults.push(...errorsIn(String(ended.stderr)));
    return { scenario, revision, faults };
  });
}

/**
 * Runs the server scenarios of a revision, in one process: to start one takes longer than most scenarios.
 * @param scenario - the only one to run @defaultValue all
 */
export async function judgeServer(revision, url, scenario) {
  return inFolder(async (out) => {
    const which = scenario === undefined ? ['--suite', 'all'] : ['--scenario', scenario];
    const args = ['server', '--url', url, ...which, '--spec-version', revision, '-o', out];
    const options = { cwd: root, env, timeout: REVISION_MS, maxBuffer: 64 * 1024 * 1024 };
    const { stdout, stderr } = await run('conformance', args, options).catch((error) => error);
    const ran = [...stdout.matchAll(/^=== Running scenario: (\S+) ===$/gm)].map(([, name]) => name);
    const judged = (scenario === undefined ? ran : [scenario]).map(async (name) => {
      const faults = faultsIn(await checksIn(out, `server-${name}`));
      const thrown = stderr.match(new RegExp(`^Failed to run scenario ${name}: (.*)$`, 'm'));
      return { scenario: name, revision, faults: thrown ? [thrown[1].slice(0, 300)] : faults };
    });
    return Promise.all(judged);
  });
}

async function inFolder(work) {
  const out = await mkdtemp(join(results, 'run-'));
  try {
    return await work(out);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function faultsIn(checks) {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const own = checks.filter(({ id, status }) => status === 'SUCCESS' && !id.startsWith('wire-schema'));
  const faults = bad.map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? ''}`);
  if (own.length === 0) faults.push('nothing of its own succeeded');
  return faults;
}

/** What the program under test threw. */
const errorsIn = (stderr) => (stderr.match(/^\w*Error: .*$/gm) ?? []).slice(0, 2).map((line) => line.slice(0, 300));

/** @param name - of the folder of a scenario, without the time that follows it @defaultValue all */
async function checksIn(folder, name) {
  const files = await readdir(folder, { recursive: true });
  const isOf = (file) => name === undefined || file.replace(/-\d{4}-\d\d-\d\dT.*$/s, '') === name;
  const found = files.filter((file) => file.endsWith('checks.json') && isOf(file));
  const lists = await Promise.all(found.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))));
  return lists.flat();
}

function run(command, args, options) {
  const started = start(command, args, options);
  running.add(started.child);
  return started.finally(() => running.delete(started.child));
}
