import { medianOf } from '../measure/median.ts';
import { tableOf } from '../measure/table.ts';
import type {
  BenchResults,
  Facts,
  InMemoryResult,
  LatencyResult,
  Range,
  RowResult,
  SustainedResult,
  Target,
} from '../throughput/results.ts';

const HEAD = [
  '',
  'calls/s (range)',
  'CPU µs/call',
  'CPU ratio (range)',
  'calls/s ratio (range)',
  'p50 ms',
  'p95 ms',
  'p99 ms',
];
const MORE = ['RSS MB', 'CPU %', 'generator µs/call', 'others %', 'failed', 'compared with'];
/** A server that is less busy waits for something else. */
const BUSY_PERCENT = 85;

/** All that a run showed, in Markdown. */
export function textOf(results: BenchResults): string {
  const { facts, targets, rows, peers, peersMissing, latency, inMemory, sustained } = results;
  const parts = [
    lineOf(facts),
    ...disturbanceOf(rows),
    ...(targets.length > 0 ? [tableOfTargets(targets)] : []),
    ...(rows.length > 0 ? [tableOfRows(rows)] : []),
    ...(latency.length > 0 ? ['Open loop, 1,000 calls/s:', tableOfLatency(latency)] : []),
    ...(inMemory ? [inMemoryLine(inMemory)] : []),
    ...(sustained ? [sustainedLine(sustained)] : []),
    ...(peers.length > 0 ? ['Programs from npm, 16 connections:', tableOfRows(peers)] : []),
    ...(peersMissing ? [`Left out: ${peersMissing}.`] : []),
  ];
  return parts.join('\n\n');
}

/** Others may use so much of a core before figures tell little. Unit: %. */
const QUIET_PERCENT = 15;

function disturbanceOf(rows: readonly RowResult[]): string[] {
  const others = medianOf(rows.flatMap(({ othersPercent }) => (othersPercent ? [othersPercent.median] : [])));
  if (!(others > QUIET_PERCENT)) return [];
  return [
    `**The machine was not quiet**: other programs used ${others.toFixed(0)} % of a core. The figures tell little.`,
  ];
}

const tableOfRows = (rows: readonly RowResult[]): string => tableOf([...HEAD, ...MORE], rows.map(cellsOf));

function cellsOf(row: RowResult): string[] {
  const { callsPerSecond, cpuPercent } = row;
  const hasRatio = row.comparedWith !== row.name && !Number.isNaN(row.cpuRatio.median);
  const busy = cpuPercent.median.toFixed(0);
  return [
    row.name,
    withRange(callsPerSecond, 0),
    row.cpuMicrosPerCall.median.toFixed(1),
    hasRatio ? withRange(row.cpuRatio, 2) : '',
    hasRatio ? withRange(row.speedRatio, 2) : '',
    ...[row.p50Ms, row.p95Ms, row.p99Ms].map(({ median }) => median.toFixed(2)),
    row.rssMb.median.toFixed(0),
    cpuPercent.median < BUSY_PERCENT ? `${busy} (idle)` : busy,
    row.generatorMicrosPerCall.median.toFixed(1),
    row.othersPercent?.median.toFixed(0) ?? '',
    String(row.failed),
    hasRatio ? row.comparedWith : '',
  ];
}

const tableOfTargets = (targets: readonly Target[]): string =>
  tableOf(
    ['target', 'measured', 'met'],
    targets.map(({ text, measured, met }) => [text, measured, typeof met === 'string' ? met : met ? 'yes' : 'NO']),
  );

const tableOfLatency = (latency: readonly LatencyResult[]): string =>
  tableOf(
    ['', 'p50 ms', 'p95 ms', 'p99 ms', 'p50 added (range)', 'p99 added (range)', 'failed'],
    latency.map(({ name, p50Ms, p95Ms, p99Ms, addedP50Ms, addedP99Ms, failed }) => [
      name,
      ...[p50Ms, p95Ms, p99Ms].map(({ median }) => median.toFixed(3)),
      ...[addedP50Ms, addedP99Ms].map((added) => withRange(added, 3)),
      String(failed),
    ]),
  );

const inMemoryLine = ({ plainMicros, callMicros, ratio, constantMicros, constantRatio }: InMemoryResult): string =>
  `\`gateway.call()\` with a built server in the process takes ${callMicros.toFixed(2)} µs of CPU, the tool function through five async functions ${plainMicros.toFixed(2)} µs: ${withRange(ratio, 1)} times. Before an upstream that checks nothing it takes ${constantMicros.toFixed(2)} µs, ${constantRatio.toFixed(1)} times.`;

const sustainedLine = ({ rate, seconds, p50, p95, p99, failed, callsPerSecond }: SustainedResult): string =>
  `${rate.toLocaleString('en')} calls/s for ${seconds} s: ${callsPerSecond.toFixed(0)} calls/s were answered, p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${failed} failed.`;

/** One line about the machine and the run. */
function lineOf(facts: Facts): string {
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  const run = `${facts.connections} connections, ${facts.rounds} rounds of ${facts.seconds} s`;
  const pinned = facts.isPinned ? 'server on one core, generator and upstream on another' : 'not pinned';
  return `${facts.date}, Node ${facts.node}, ${facts.cores} × ${facts.cpu}, ${run}, ${pinned}; ${versions.join(', ')}.`;
}

const withRange = ({ median, min, max }: Range, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
