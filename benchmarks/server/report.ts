import { medianOf } from '../measure/median.ts';
import { ratioOf, type Row } from '../measure/rows.ts';
import { tableOf } from '../measure/table.ts';
import type { Target } from './targets.ts';

const HEAD = [
  '',
  'calls/s (range)',
  'CPU µs/call',
  'CPU %',
  'generator µs/call',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'failed',
  'compared with',
];
const RATIOS = ['calls/s ratio', 'CPU ratio'];

/** The rows as a table: medians over the rounds; ratios above 1 are faster or cheaper than the peer. */
export function tableOfRows(rows: readonly Row[]): string {
  return tableOf(
    [...HEAD, ...RATIOS],
    rows.map((row) => [...cellsOf(row), ...ratiosOf(row, rows)]),
  );
}

/** The targets as a table. */
export const tableOfTargets = (targets: readonly Target[]): string =>
  tableOf(
    ['target', 'measured', 'met'],
    targets.map(({ text, measured, isMet }) => [text, measured, isMet ? 'yes' : 'NO']),
  );

function cellsOf({ name, peer, runs }: Row): string[] {
  const median = (pick: (run: Row['runs'][number]) => number, digits: number): string =>
    medianOf(runs.map(pick)).toFixed(digits);
  const speeds = runs.map((run) => run.callsPerSecond);
  const range = [medianOf(speeds), Math.min(...speeds), Math.max(...speeds)].map((speed) => speed.toFixed(0));
  return [
    name,
    `${range[0]} (${range[1]} to ${range[2]})`,
    median((run) => run.cpuMicrosPerCall, 1),
    median((run) => run.cpuShare * 100, 0),
    median((run) => run.generatorMicrosPerCall, 1),
    ...[median((run) => run.p50, 2), median((run) => run.p95, 2), median((run) => run.p99, 2)],
    String(runs.reduce((sum, run) => sum + run.failed, 0)),
    peer === name ? '' : peer,
  ];
}

function ratiosOf(row: Row, rows: readonly Row[]): string[] {
  const peer = rows.find(({ name }) => name === row.peer);
  if (!peer || peer === row) return ['', ''];
  const cpu = 1 / ratioOf(row, peer, (run) => run.cpuMicrosPerCall);
  return [ratioOf(row, peer, (run) => run.callsPerSecond).toFixed(3), cpu.toFixed(3)];
}
