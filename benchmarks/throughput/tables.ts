import { tableOf } from '../measure/table.ts';
import type { Facts, Range, RowResult } from './results.ts';
import type { Target } from './targets.ts';

const HEAD = ['', 'calls/s (range)', 'CPU µs/call', 'CPU ratio (range)', 'calls/s ratio', 'p50 ms', 'p95 ms', 'p99 ms'];
const MORE = ['RSS MB', 'CPU %', 'generator µs/call', 'failed', 'compared with'];
/** A server that is less busy waits for something else. */
const BUSY_PERCENT = 85;

export function tableOfRows(rows: readonly RowResult[]): string {
  return tableOf([...HEAD, ...MORE], rows.map(cellsOf));
}

function cellsOf(row: RowResult): string[] {
  const ratio = ({ median, min, max }: Range): string =>
    `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
  const isBase = row.comparedWith === row.name || Number.isNaN(row.cpuRatio.median);
  const { callsPerSecond: speed, cpuPercent } = row;
  return [
    row.name,
    `${speed.median.toFixed(0)} (${speed.min.toFixed(0)} to ${speed.max.toFixed(0)})`,
    row.cpuMicrosPerCall.median.toFixed(1),
    isBase ? '' : ratio(row.cpuRatio),
    isBase ? '' : row.speedRatio.median.toFixed(2),
    ...[row.p50Ms, row.p95Ms, row.p99Ms].map(({ median }) => median.toFixed(2)),
    row.rssMb.median.toFixed(0),
    `${cpuPercent.median.toFixed(0)}${cpuPercent.median < BUSY_PERCENT ? ' (idle)' : ''}`,
    row.generatorMicrosPerCall.median.toFixed(1),
    String(row.failed),
    isBase ? '' : row.comparedWith,
  ];
}

const verdict = (met: boolean | string): string => (typeof met === 'string' ? met : met ? 'yes' : 'NO');

export const tableOfTargets = (targets: readonly Target[]): string =>
  tableOf(
    ['target', 'measured', 'met'],
    targets.map(({ text, measured, met }) => [text, measured, verdict(met)]),
  );

/** One line about the machine and the run. */
export function lineOf(facts: Facts): string {
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  const run = `${facts.connections} connections, ${facts.rounds} rounds of ${facts.seconds} s`;
  const pinned = facts.isPinned ? 'server on one core, generator and upstream on another' : 'not pinned';
  return `${facts.date}, Node ${facts.node}, ${facts.cores} × ${facts.cpu}, ${run}, ${pinned}; ${versions.join(', ')}`;
}
