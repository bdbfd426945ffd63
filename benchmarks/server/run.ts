import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Child, pinTo } from '../measure/child-process.ts';
import { GENERATOR_CORE, isPinned, SERVER_CORE } from '../measure/cores.ts';
import { measureRun, type Row, type Run } from '../measure/rows.ts';
import { tableOfRows, tableOfTargets } from './report.ts';
import { startScenarios, type Scenario } from './scenarios.ts';
import { layerTargets, ratioTargets } from './targets.ts';

/**
 * Compares, in one run and under the same load, a built server with a bare JSON echo and with the official SDKs: over
 * HTTP in both eras, and over stdio. Everything is on loopback and ends by itself. `--only '^ours, modern$'` runs the rows whose name matches,
 * `--profile DIR` writes a CPU profile of each server.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connections = Number(values.connections);
const WARM_UP_SECONDS = 2;

const measure = ({ child, load }: Scenario, duration: number): Promise<Run> => measureRun(child, () => load(duration));

async function measureAll(scenarios: readonly Scenario[]): Promise<Row[]> {
  const rows = scenarios.map(({ name, peer }): Row => ({ name, peer, runs: [] }));
  for (const scenario of scenarios) await measure(scenario, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++)
    for (const [index, scenario] of scenarios.entries()) rows[index]?.runs.push(await measure(scenario, seconds));
  return rows;
}

async function measureLayers(): Promise<Readonly<Record<string, number>>> {
  const message = await new Child(new URL('layers.ts', import.meta.url)).next();
  return 'result' in message ? message.result : {};
}

if (isPinned) pinTo(GENERATOR_CORE, process.pid);
const scenarios = await startScenarios({
  ...{ only: new RegExp(values.only), connections },
  core: isPinned ? SERVER_CORE : undefined,
  execArgv: values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile],
});
const rows = await measureAll(scenarios).finally(() => {
  for (const { child } of scenarios) child.end();
});
const { 'a call in memory': inMemory = NaN, ...layers } = await measureLayers();

const failed = rows.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.failed, 0);
const targets = [...ratioTargets(rows), ...layerTargets(layers)];
const facts = `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${connections} connections or calls in flight, ${rounds} rounds of ${seconds} s`;
if (values.json) process.stdout.write(`${JSON.stringify({ facts, rows, layers, targets })}\n`);
else
  process.stdout.write(
    `${facts}\n\n${tableOfRows(rows)}\n\nA call in memory takes ${inMemory.toFixed(2)} µs.\n\n${tableOfTargets(targets)}\n`,
  );
if (failed > 0) process.exitCode = 1;
