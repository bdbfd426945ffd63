import { medianOf } from '../measure/median.ts';
import type { Load } from '../measure/load.ts';

/** What the runs of one scenario showed. */
export interface Row {
  readonly name: string;
  readonly runs: (Load & { readonly cpuMicrosPerCall: number })[];
}

const BASE = 'bare undici proxy';

/** Prints medians, and ratios of CPU per call to the bare proxy: above 1 is cheaper. */
export function printReport(facts: string, rows: readonly Row[]): void {
  const base = rows.find(({ name }) => name === BASE);
  const lines = rows.map((row) => {
    const median = (pick: (run: Row['runs'][number]) => number): number => medianOf(row.runs.map(pick));
    const cpu = median((run) => run.cpuMicrosPerCall);
    const speeds = row.runs.map((run) => run.callsPerSecond);
    const ratio = base ? medianOf(base.runs.map((run) => run.cpuMicrosPerCall)) / cpu : NaN;
    const speedRatio = base ? medianOf(speeds) / medianOf(base.runs.map((run) => run.callsPerSecond)) : NaN;
    return [
      row.name,
      `${round(medianOf(speeds))} (${round(Math.min(...speeds))} to ${round(Math.max(...speeds))})`,
      cpu.toFixed(1),
      ratio.toFixed(2),
      speedRatio.toFixed(2),
      ...[median((run) => run.p50), median((run) => run.p95), median((run) => run.p99)].map((ms) => ms.toFixed(2)),
      String(row.runs.reduce((sum, run) => sum + run.failed, 0)),
    ];
  });
  const head = [
    '',
    'calls/s (range)',
    'CPU µs/call',
    'CPU ratio',
    'calls/s ratio',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'failed',
  ];
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  process.stdout.write(`${facts}\n\n${table.join('\n')}\n`);
}

const round = (value: number): number => Math.round(value);
