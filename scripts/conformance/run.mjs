// Runs the public conformance suite on a server and a client made with the builders: `npm run conformance`, or one half
// of it: `npm run conformance -- server`, or on a gateway before the server: `-- --through-gateway`. Fails when a run does not pass that expected.json does not list, when one
// passes that it lists, and when the suite has another number of runs than counted here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cache, extensionRunsOf, install, judge, root, runsOf } from './suite.mjs';

/** How many runs there are: the server's at all revisions, the client's with those of extensions. */
const RUNS = { server: 101, client: 69, '--through-gateway': 101 };
/** They measure how long something takes. */
const ALONE = new Set(['sse-retry']);
const AT_ONCE = Math.min(4, availableParallelism() + 1);
const START_MS = 30_000;
const START = ['--import', './scripts/run.mjs'];
const SIDES = {
  server: () => judgeServer(),
  client: judgeClient,
  '--through-gateway': () => judgeServer('--through-gateway'),
};

const summaryFile = join(cache, 'summary.json');
const sides = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['server', 'client'];
const expected = JSON.parse(await readFile(new URL('expected.json', import.meta.url), 'utf8'));
let server;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    server?.kill();
    process.exit(1);
  });

try {
  await rm(summaryFile, { force: true });
  await install();
  const summary = { passed: 0, failed: 0 };
  for (const side of sides) {
    if (!Object.hasOwn(SIDES, side)) throw new Error(`There is no side ${side}: it is server or client.`);
    const { passed, failed } = report(side, await SIDES[side]());
    summary.passed += passed;
    summary.failed += failed;
  }
  await mkdir(cache, { recursive: true });
  await writeFile(summaryFile, JSON.stringify(summary));
  process.exitCode = summary.failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`conformance: ${error.message}`);
  process.exitCode = 1;
}

async function judgeServer(...args) {
  server = spawn(process.execPath, [...START, 'scripts/conformance/server.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  try {
    const url = await firstLine(server, ended);
    return await judgeAll(await runsOf('server'), ['--url', url]);
  } finally {
    server.kill();
    await ended;
  }
}

async function firstLine({ stdout }, ended) {
  const signal = AbortSignal.timeout(START_MS);
  const gone = ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it listened`)));
  const [url] = await Promise.race([once(createInterface(stdout), 'line', { signal }), gone]);
  gone.catch(() => undefined);
  return url;
}

async function judgeClient() {
  const command = `"${process.execPath}" ${START.join(' ')} scripts/conformance/client.ts`;
  const runs = [...(await runsOf('client')), ...(await extensionRunsOf('client'))];
  return judgeAll(runs, ['--command', command]);
}

async function judgeAll(runs, target) {
  const results = [];
  const waiting = runs.filter(({ scenario }) => !ALONE.has(scenario));
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await judge(next, target));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const next of runs.filter(({ scenario }) => ALONE.has(scenario))) results.push(await judge(next, target));
  return results;
}

/** Prints what did not pass, and how many did. */
function report(side, results) {
  const known = expected[side] ?? {};
  const isKnown = (result) => Object.hasOwn(known, nameOf(result));
  const failing = results.filter(({ faults }) => faults.length > 0);
  const unexpected = failing.filter((result) => !isKnown(result));
  for (const result of unexpected) console.log(`FAILED ${nameOf(result)}\n  ${result.faults.join('\n  ')}`);
  const stale = Object.keys(known).filter((name) => !failing.some((result) => nameOf(result) === name));
  for (const name of stale)
    console.log(`FAILED ${name}\n  expected.json lists it, but it passes or is gone: delete it`);
  for (const result of failing.filter(isKnown))
    console.log(`expected failure ${nameOf(result)}\n  ${known[nameOf(result)]}`);
  const passed = results.length - failing.length;
  const isWhole = results.length === RUNS[side];
  if (!isWhole) console.log(`FAILED the suite has ${results.length} runs; ${RUNS[side]} are expected`);
  console.log(`conformance ${side}: ${passed} of ${RUNS[side]}`);
  return { passed, failed: unexpected.length + stale.length + (isWhole ? 0 : 1) };
}

function nameOf({ scenario, revision = 'extension' }) {
  return `${scenario} ${revision}`;
}
