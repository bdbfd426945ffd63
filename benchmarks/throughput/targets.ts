import type { InMemoryResult, LatencyResult, Range, RowResult, SustainedResult, Target } from './results.ts';
import { GATEWAY, LIST, TWO_PROCESSES, WIDE } from './rows.ts';

/** Least CPU ratio of a row on Node 20, by its name. */
const LEAST: Readonly<Record<string, number>> = {
  [GATEWAY]: 0.9,
  'gateway, renamed tool': 0.88,
  'gateway, everything on': 0.78,
  'gateway, middleware reads the result': 0.75,
  'gateway, in-process upstream': 1.4,
  'gateway, stdio upstream': 1.15,
  'gateway, WebSocket upstream': 1.15,
  'gateway, legacy session to modern upstream': 0.6,
  'gateway, modern to legacy session upstream': 0.6,
  'gateway, 10 kB results': 0.9,
  [LIST]: 0.9,
  [WIDE]: 0.95,
};
/** Node 24 makes the bare proxy faster than what is around it. */
const LESS_ON_24 = 0.06;
/** Least calls/s ratio of a row. */
const LEAST_SPEED: Readonly<Record<string, number>> = { [WIDE]: 0.95, [TWO_PROCESSES]: 1.8 };
/** Two servers, the generator and the upstream have a core each. */
const CORES_FOR_TWO = 4;
const ADDED_MS = { p50: 0.3, p99: 2 };
const SUSTAINED_P95_MS = 100;
const IN_MEMORY_MOST = 5;

/** The CPU ratio that a row has to reach; what is not compared with the bare proxy has the same on every Node. */
export function leastOf(name: string, node: string): number | undefined {
  const least = LEAST[name];
  if (least === undefined || name === LIST || name === WIDE || Number.parseInt(node, 10) < 24) return least;
  return Number((least - LESS_ON_24).toFixed(2));
}

/** Judges rows by CPU per call, and those of scale by calls/s. */
export function rowTargets(rows: readonly RowResult[], { node, cores }: Machine): Target[] {
  return rows.flatMap((row) => {
    const least = leastOf(row.name, node);
    const speed = LEAST_SPEED[row.name];
    const name = `${row.name}, to ${row.comparedWith}`;
    const { cpuRatio, speedRatio } = row;
    return [
      ...(least === undefined
        ? []
        : [{ text: `${name}: CPU ratio ≥ ${least}`, measured: rangeText(cpuRatio), met: cpuRatio.median >= least }]),
      ...(speed === undefined
        ? []
        : [
            {
              text: `${name}: calls/s ratio ≥ ${speed}`,
              measured: rangeText(speedRatio),
              met:
                row.name === TWO_PROCESSES && cores < CORES_FOR_TWO
                  ? `not to be told on ${cores} cores`
                  : speedRatio.median >= speed,
            },
          ]),
    ];
  });
}

/** What a target depends on. */
export interface Machine {
  readonly node: string;
  readonly cores: number;
}

export function latencyTargets(latency: readonly LatencyResult[]): Target[] {
  return latency
    .filter(({ name }) => name === GATEWAY)
    .flatMap(({ addedP50Ms, addedP99Ms }) => [
      {
        text: `latency added to direct at 1,000 calls/s: p50 < ${ADDED_MS.p50} ms`,
        measured: rangeText(addedP50Ms),
        met: addedP50Ms.median < ADDED_MS.p50,
      },
      {
        text: `latency added to direct at 1,000 calls/s: p99 < ${ADDED_MS.p99} ms`,
        measured: rangeText(addedP99Ms),
        met: addedP99Ms.median < ADDED_MS.p99,
      },
    ]);
}

export function inMemoryTarget({ ratio }: InMemoryResult): Target {
  return {
    text: `gateway.call() ≤ ${IN_MEMORY_MOST} × the tool function through five async functions`,
    measured: rangeText(ratio),
    met: ratio.median <= IN_MEMORY_MOST,
  };
}

export function sustainedTarget({ rate, seconds, p95, failed }: SustainedResult): Target {
  return {
    text: `${rate} calls/s for ${seconds} s: p95 < ${SUSTAINED_P95_MS} ms, none fails`,
    measured: `${p95.toFixed(2)} ms, ${failed} failed`,
    met: p95 < SUSTAINED_P95_MS && failed === 0,
  };
}

const rangeText = ({ median, min, max }: Range): string =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
