import { driveOpen, type Schedule } from '../measure/drive.ts';
import type { Load } from '../measure/load.ts';
import { inQuiet } from '../measure/quiet.ts';
import type { BenchOptions } from './options.ts';
import { rangeOf, type LatencyResult, type Range, type SustainedResult } from './results.ts';
import { BARE, DIRECT, GATEWAY, ROWS } from './rows.ts';
import { openConnections, Servers, type Scenario } from './scenarios.ts';

/** Calls per second: few enough that nobody waits for another call. */
const LATENCY_RATE = 1_000;
const WARM_UP: Schedule = { rate: 4_000, seconds: 2, isExact: false };

/** Calls the upstream, the bare proxy and the gateway in an open loop, in interleaved rounds. */
export async function measureLatency({ seconds, rounds, connections }: BenchOptions): Promise<LatencyResult[]> {
  const servers = new Servers();
  try {
    const names = [DIRECT, BARE, GATEWAY];
    const scenarios = await servers.start(ROWS.filter(({ name }) => names.includes(name)));
    for (const scenario of scenarios) await runOpen(scenario, connections, WARM_UP);
    const loads = scenarios.map((): Load[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [index, scenario] of scenarios.entries())
        loads[index]?.push(
          (await inQuiet(() => runOpen(scenario, connections, { rate: LATENCY_RATE, seconds, isExact: true }))).result,
        );
    return scenarios.map(({ plan }, index) => resultOf(plan.name, loads[index] ?? [], loads[0] ?? []));
  } finally {
    servers.end();
  }
}

async function runOpen(scenario: Scenario, connections: number, schedule: Schedule): Promise<Load> {
  const opened = await openConnections(scenario, connections);
  return driveOpen(opened.connections, schedule);
}

function resultOf(name: string, loads: readonly Load[], direct: readonly Load[]): LatencyResult {
  const range = (pick: (load: Load) => number): Range => rangeOf(loads.map(pick));
  const added = (pick: (load: Load) => number): Range =>
    rangeOf(loads.map((load, round) => pick(load) - pick(direct[round] ?? load)));
  return {
    name,
    p50Ms: range(({ p50 }) => p50),
    p95Ms: range(({ p95 }) => p95),
    p99Ms: range(({ p99 }) => p99),
    addedP50Ms: added(({ p50 }) => p50),
    addedP99Ms: added(({ p99 }) => p99),
    failed: loads.reduce((sum, { failed }) => sum + failed, 0),
  };
}

const SUSTAINED_RATE = 10_000;

/** Calls the gateway at a rate that it has to hold. */
export async function measureSustained(connections: number, seconds: number): Promise<SustainedResult> {
  const servers = new Servers();
  try {
    const [scenario] = await servers.start(ROWS.filter(({ name }) => name === GATEWAY));
    if (!scenario) throw new Error('there is no gateway to call');
    await runOpen(scenario, connections, WARM_UP);
    const load = await runOpen(scenario, connections, { rate: SUSTAINED_RATE, seconds, isExact: false });
    return { ...load, rate: SUSTAINED_RATE, seconds };
  } finally {
    servers.end();
  }
}
