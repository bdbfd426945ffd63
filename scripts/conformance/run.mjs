// Runs the public conformance suite on a server and a client made with the builders, and on gateways between it and
// several servers and clients: `npm run conformance`. Parts of it: `-- server`, `-- client`, `-- --through-gateway`, and
// of the last only some rows: `-- --through-gateway legacy client`. Fails when a run does not pass that expected.json does
// not list, when one passes that it lists, and when the suite has another number of runs than counted here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cache, clientRuns, extensionRuns, install, judgeClient, judgeServer, REVISIONS, root } from './suite.mjs';

/** What is judged, by name: how many runs there are, and how they are made. */
const SIDES = {
  server: { runs: 101, judge: () => judgeServed('backend') },
  client: { runs: 69, judge: () => judgeClients([]) },
};
/** The servers behind a gateway, see server.ts; and a client before one. */
const GATEWAYS = ['dual', 'official', 'collision', 'legacy', 'modern'];
for (const name of GATEWAYS) SIDES[`gateway ${name}`] = { runs: 101, judge: () => judgeServed(name) };
SIDES['gateway client'] = { runs: 15, judge: () => judgeClients(['--through-gateway']) };

/** They measure how long something takes. */
const ALONE = new Set(['sse-retry']);
/** They wait a second for what must come: on a busy machine that is short, and they are judged once more. */
const HASTY = new Set(['server-stateless', 'server-sse-polling', 'server-sse-multiple-streams']);
const AT_ONCE = Math.min(4, availableParallelism() + 1);
const START_MS = 30_000;
const START = ['--import', './scripts/run.mjs'];

const summaryFile = join(cache, 'summary.json');
const expected = JSON.parse(await readFile(new URL('expected.json', import.meta.url), 'utf8'));
const rows = [];
let free = AT_ONCE;
const waiting = [];
const servers = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    for (const server of servers) server.kill();
    process.exit(1);
  });

try {
  await rm(summaryFile, { force: true });
  const sides = sidesOf(process.argv.slice(2));
  await install();
  const summary = { passed: 0, failed: 0 };
  const work = async (names) => {
    for (let side = names.shift(); side; side = names.shift()) {
      const started = performance.now();
      const results = await SIDES[side].judge();
      const { passed, failed } = report(side, results);
      summary.passed += passed;
      summary.failed += failed;
      rows.push({ side, results, seconds: (performance.now() - started) / 1000 });
    }
  };
  // Servers mostly wait for their scenarios; clients are many processes, and have the machine for themselves.
  const served = sides.filter((side) => !side.endsWith('client'));
  await Promise.all([work(served), work(served)]);
  await work(sides.filter((side) => side.endsWith('client')));
  printTable();
  await mkdir(cache, { recursive: true });
  await writeFile(summaryFile, JSON.stringify(summary));
  process.exitCode = summary.failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`conformance: ${error.message}`);
  process.exitCode = 1;
}

function sidesOf(args) {
  const through = args.includes('--through-gateway');
  const names = args.filter((arg) => arg !== '--through-gateway').map((arg) => (through ? `gateway ${arg}` : arg));
  const unknown = names.find((name) => !Object.hasOwn(SIDES, name));
  if (unknown) throw new Error(`There is no side "${unknown}": it is one of ${Object.keys(SIDES).join(', ')}.`);
  if (names.length > 0) return names;
  return Object.keys(SIDES).filter((side) => !through || side.startsWith('gateway'));
}

async function judgeServed(name) {
  const server = spawn(process.execPath, [...START, 'scripts/conformance/server.ts', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.add(server);
  const ended = once(server, 'exit');
  try {
    const url = await firstLine(server, ended);
    // The newest has most to judge.
    const newestFirst = [...REVISIONS].reverse();
    const judged = newestFirst.map((revision) => inTurn(() => judgeServer(revision, url)));
    const results = (await Promise.all(judged)).flat();
    const again = results.filter(({ scenario, faults }) => faults.length > 0 && HASTY.has(scenario));
    for (const result of again) {
      console.log(`once more: ${nameOf(result)}\n  ${result.faults.join('\n  ')}`);
      const [{ faults }] = await inTurn(() => judgeServer(result.revision, url, result.scenario));
      result.faults = faults;
    }
    return results;
  } finally {
    server.kill();
    await ended;
    servers.delete(server);
  }
}

/** Runs as many at a time as the machine has room for: scenarios that wait too short fail on a busy one. */
async function inTurn(work) {
  if (free > 0) free--;
  else await new Promise((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

async function firstLine({ stdout }, ended) {
  const signal = AbortSignal.timeout(START_MS);
  const gone = ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it listened`)));
  const [url] = await Promise.race([once(createInterface(stdout), 'line', { signal }), gone]);
  gone.catch(() => undefined);
  return url;
}

/** Through a gateway only what a gateway does itself is judged: credentials and extensions are the client's. */
async function judgeClients(flags) {
  const command = `"${process.execPath}" ${START.join(' ')} scripts/conformance/client.ts ${flags.join(' ')}`;
  const dated = await clientRuns();
  const runs =
    flags.length > 0
      ? dated.filter(({ scenario }) => !scenario.startsWith('auth/'))
      : [...dated, ...(await extensionRuns())];
  const results = [];
  const together = runs.filter(({ scenario }) => !ALONE.has(scenario));
  await Promise.all(together.map((next) => inTurn(async () => results.push(await judgeClient(next, command)))));
  for (const next of runs.filter(({ scenario }) => ALONE.has(scenario))) results.push(await judgeClient(next, command));
  return results;
}

/** Prints what did not pass, and how many did. */
function report(side, results) {
  const known = expected[side] ?? {};
  const isKnown = (result) => Object.hasOwn(known, nameOf(result));
  const failing = results.filter(({ faults }) => faults.length > 0);
  const unexpected = failing.filter((result) => !isKnown(result));
  for (const result of unexpected) console.log(`FAILED ${side}: ${nameOf(result)}\n  ${result.faults.join('\n  ')}`);
  const stale = Object.keys(known).filter((name) => !failing.some((result) => nameOf(result) === name));
  for (const name of stale)
    console.log(`FAILED ${side}: ${name}\n  expected.json lists it, but it passes or is gone: delete it`);
  for (const result of failing.filter(isKnown))
    console.log(`expected failure ${side}: ${nameOf(result)}\n  ${known[nameOf(result)]}`);
  const { runs } = SIDES[side];
  const isWhole = results.length === runs;
  if (!isWhole) console.log(`FAILED ${side}: the suite has ${results.length} runs; ${runs} are expected`);
  return { passed: passedOf(results), failed: unexpected.length + stale.length + (isWhole ? 0 : 1) };
}

function passedOf(results) {
  return results.filter(({ faults }) => faults.length === 0).length;
}

function nameOf({ scenario, revision = 'extension' }) {
  return `${scenario} ${revision}`;
}

/** One line per side: how many of the runs of each revision passed. */
function printTable() {
  const line = (name, cells, seconds) =>
    console.log([name.padEnd(18), ...cells.map((cell) => cell.padStart(10)), seconds.padStart(7)].join('  '));
  line('conformance', [...REVISIONS, 'all'], 'seconds');
  const order = Object.keys(SIDES);
  rows.sort((a, b) => order.indexOf(a.side) - order.indexOf(b.side));
  for (const { side, results, seconds } of rows) {
    const at = REVISIONS.map((revision) => results.filter((result) => result.revision === revision));
    const cells = at.map((some) => `${passedOf(some)}/${some.length}`);
    line(side, [...cells, `${passedOf(results)}/${SIDES[side].runs}`], seconds.toFixed(0));
  }
  console.log(`all in ${process.uptime().toFixed(0)} s`);
  const eras = rows.filter(({ side }) => ['gateway dual', 'gateway legacy', 'gateway modern'].includes(side));
  if (eras.length < 3) return;
  const passed = eras.reduce((sum, { results }) => sum + passedOf(results), 0);
  console.log(`dual, legacy and modern servers behind a gateway: ${passed}/303`);
}
