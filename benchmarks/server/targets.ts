import { ratioOf, type Row } from '../measure/rows.ts';

/** A number that a benchmark has to reach. */
export interface Target {
  readonly text: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Calls/s of `row` divided by those of `peer`, at least `least`. */
interface Plan {
  readonly row: string;
  readonly peer: string;
  readonly least: number;
}

const PLANS: readonly Plan[] = [
  { row: 'ours, modern', peer: 'node:http JSON echo', least: 0.65 },
  { row: 'ours, modern, 200 tools', peer: 'ours, modern', least: 0.95 },
  { row: 'ours, modern', peer: 'official v2, modern', least: 20 },
  { row: 'ours, legacy session', peer: 'node:http JSON echo', least: 0.65 },
  { row: 'ours, legacy session', peer: 'official v2, legacy, no session', least: 20 },
  { row: 'ours, legacy session', peer: 'official v2, session, JSON', least: 20 },
  { row: 'ours, legacy session', peer: 'official v2, session, SSE', least: 20 },
  { row: 'ours, legacy session', peer: 'official v1, session, JSON', least: 20 },
  { row: 'ours, legacy session', peer: 'official v1, session, SSE', least: 20 },
  { row: 'stdio: ours, modern', peer: 'stdio: JSON echo', least: 0.65 },
  { row: 'stdio: ours, modern', peer: 'stdio: official v2, modern', least: 20 },
  { row: 'stdio: ours, legacy', peer: 'stdio: official v2, legacy', least: 20 },
  { row: 'stdio: ours, legacy', peer: 'stdio: official v1, legacy', least: 20 },
];
const LAYER_LIMIT_MICROS = 0.5;

/** Judges the rows that ran: by the median of the ratios of the rounds, so that slow moments of the machine hit both. */
export function ratioTargets(rows: readonly Row[]): Target[] {
  return PLANS.flatMap(({ row, peer, least }) => {
    const ratio = ratioOf(find(rows, row), find(rows, peer), (run) => run.callsPerSecond);
    const cpu = 1 / ratioOf(find(rows, row), find(rows, peer), (run) => run.cpuMicrosPerCall);
    if (Number.isNaN(ratio)) return [];
    const measured = `${ratio.toFixed(2)} (CPU ${cpu.toFixed(2)})`;
    return [{ text: `${row} ≥ ${least} × ${peer}`, measured, isMet: ratio >= least }];
  });
}

/** Judges what one middleware layer costs per call. Unit: µs. */
export const layerTargets = (micros: Readonly<Record<string, number>>): Target[] =>
  Object.entries(micros).map(([text, value]) => ({
    text: `${text} < ${LAYER_LIMIT_MICROS} µs per call`,
    measured: `${value.toFixed(3)} µs`,
    isMet: value < LAYER_LIMIT_MICROS,
  }));

const find = (rows: readonly Row[], name: string): Row | undefined => rows.find((row) => row.name === name);
