import type { Limit } from '../measure/drive.ts';
import { inQuiet } from '../measure/quiet.ts';
import type { Row, Run } from '../measure/rows.ts';
import type { BenchOptions } from './options.ts';
import { resultOf, type RowResult } from './results.ts';
import type { RowPlan } from './rows.ts';
import { runScenario, Servers, type Scenario } from './scenarios.ts';

/** So many calls, and no less in a slow moment of the machine, so that all servers have been compiled alike. */
const WARM_UP: Limit = { seconds: 6, calls: 30_000 };

/** Measures rows in interleaved rounds. Rows that others are compared with come along. */
export async function measureRows(plans: readonly RowPlan[], options: BenchOptions): Promise<RowResult[]> {
  const chosen = choose(plans, options.only);
  const { seconds, rounds, connections } = options;
  const servers = new Servers(options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile]);
  try {
    const scenarios = await servers.start(chosen);
    const rows = chosen.map(({ name, comparedWith }): Row => ({ name, peer: comparedWith, runs: [] }));
    for (const scenario of scenarios) await runScenario(scenario, connections, WARM_UP);
    for (let round = 0; round < rounds; round++)
      for (const [index, scenario] of scenarios.entries())
        rows[index]?.runs.push(await runQuietly(scenario, connections, seconds));
    return rows.map((row) => resultOf(row, rows));
  } finally {
    servers.end();
  }
}

async function runQuietly(scenario: Scenario, connections: number, seconds: number): Promise<Run> {
  const { result, othersShare } = await inQuiet(() => runScenario(scenario, connections, { seconds }));
  return { ...result, othersShare };
}

function choose(plans: readonly RowPlan[], only: RegExp): readonly RowPlan[] {
  const wanted = plans.filter(({ name }) => only.test(name));
  return plans.filter((plan) => wanted.includes(plan) || wanted.some(({ comparedWith }) => comparedWith === plan.name));
}
