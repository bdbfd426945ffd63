import type { RowResult } from './results.ts';

/** A number that a benchmark has to reach. */
export interface Target {
  readonly text: string;
  readonly measured: string;
  /** Why it cannot be judged here, if it cannot. */
  readonly met: boolean | string;
}

/** Least CPU ratio of a row on Node 20, by its name. */
const LEAST: Readonly<Record<string, number>> = {
  gateway: 0.9,
  'gateway, renamed tool': 0.88,
  'gateway, everything on': 0.78,
  'gateway, middleware reads the result': 0.75,
  'gateway, in-process upstream': 1.4,
  'gateway, stdio upstream': 1.15,
  'gateway, WebSocket upstream': 1.15,
  'gateway, legacy session to modern upstream': 0.6,
  'gateway, modern to legacy session upstream': 0.6,
  'gateway, 10 kB results': 0.9,
  'gateway, list of 1,000 tools of 50 upstreams': 0.9,
  'gateway, 500 upstreams of 20 tools': 0.95,
};
/** The bare proxy gains more from Node 24 than what is around it. */
const LESS_ON_24 = 0.06;
/** Rows that are not compared with the bare proxy have the same target on every Node. */
const SAME_EVERYWHERE = ['gateway, list of 1,000 tools of 50 upstreams', 'gateway, 500 upstreams of 20 tools'];

/** The CPU ratio that a row has to reach under this Node. */
export function leastOf(name: string, node: string = process.versions.node): number | undefined {
  const least = LEAST[name];
  if (least === undefined || SAME_EVERYWHERE.includes(name) || Number.parseInt(node, 10) < 24) return least;
  return Number((least - LESS_ON_24).toFixed(2));
}

/** Judges the rows that ran by the CPU ratio, and that of scale by calls/s too. */
export function rowTargets(rows: readonly RowResult[], node: string): Target[] {
  return rows.flatMap(({ name, comparedWith, cpuRatio, speedRatio }) => {
    const least = leastOf(name, node);
    if (least === undefined || Number.isNaN(cpuRatio.median)) return [];
    const text = `${name} ≥ ${least} × ${comparedWith}`;
    const measured = `CPU ${cpuRatio.median} (${cpuRatio.min} to ${cpuRatio.max}), calls/s ${speedRatio.median}`;
    return [{ text, measured, met: cpuRatio.median >= least }];
  });
}
