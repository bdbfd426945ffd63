import { medianOf } from '../measure/median.ts';
import { ratiosOf, type Row, type Run } from '../measure/rows.ts';
import type { Load } from '../measure/load.ts';

/** Figures of several rounds. */
export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What the rounds of a row showed. */
export interface RowResult {
  readonly name: string;
  readonly comparedWith: string;
  readonly callsPerSecond: Range;
  readonly cpuMicrosPerCall: Range;
  /** CPU per call of the row compared with, divided by that of this row: above 1 is cheaper. */
  readonly cpuRatio: Range;
  /** Calls/s of this row divided by those of the row compared with: above 1 is faster. */
  readonly speedRatio: Range;
  readonly p50Ms: Range;
  readonly p95Ms: Range;
  readonly p99Ms: Range;
  readonly rssMb: Range;
  /** How busy the server was. Unit: % of a core. */
  readonly cpuPercent: Range;
  readonly generatorMicrosPerCall: Range;
  /** What other programs used meanwhile, where that can be told. Unit: % of a core. */
  readonly othersPercent?: Range;
  readonly failed: number;
}

/** What calls at even distances showed. */
export interface LatencyResult {
  readonly name: string;
  readonly p50Ms: Range;
  readonly p95Ms: Range;
  readonly p99Ms: Range;
  /** Less those of the upstream in the same round. */
  readonly addedP50Ms: Range;
  readonly addedP99Ms: Range;
  readonly failed: number;
}

/** What a long run at a high rate showed. */
export interface SustainedResult extends Load {
  readonly rate: number;
  readonly seconds: number;
}

/** What a call costs that never leaves the process. Unit: µs. */
export interface InMemoryResult {
  /** The tool function through five async functions. */
  readonly plainMicros: number;
  readonly callMicros: number;
  readonly ratio: Range;
  /** The same before an upstream that checks nothing. */
  readonly constantMicros: number;
  readonly constantRatio: number;
}

/** A number that a benchmark has to reach. */
export interface Target {
  readonly text: string;
  readonly measured: string;
  /** Why it cannot be judged here, if it cannot. */
  readonly met: boolean | string;
}

/** All that a run showed. */
export interface BenchResults {
  readonly facts: Facts;
  readonly targets: readonly Target[];
  readonly rows: readonly RowResult[];
  readonly peers: readonly RowResult[];
  /** Why there are fewer rows of peers than there could be. */
  readonly peersMissing?: string;
  readonly latency: readonly LatencyResult[];
  readonly inMemory?: InMemoryResult;
  readonly sustained?: SustainedResult;
}

/** What figures depend on. */
export interface Facts {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly isPinned: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
}

export function rangeOf(values: readonly number[]): Range {
  return { median: round(medianOf(values)), min: round(Math.min(...values)), max: round(Math.max(...values)) };
}

/** Four digits that count; more would be noise. */
const round = (value: number): number => Number(value.toPrecision(4));

/** Makes medians and ranges of runs. */
export function resultOf(row: Row, rows: readonly Row[]): RowResult {
  const base = rows.find(({ name }) => name === row.peer);
  const range = (pick: (run: Run) => number): Range => rangeOf(row.runs.map(pick));
  const others = range((run) => (run.othersShare ?? NaN) * 100);
  return {
    name: row.name,
    comparedWith: row.peer,
    callsPerSecond: range((run) => run.callsPerSecond),
    cpuMicrosPerCall: range((run) => run.cpuMicrosPerCall),
    cpuRatio: rangeOf(ratiosOf(base, row, (run) => run.cpuMicrosPerCall)),
    speedRatio: rangeOf(ratiosOf(row, base, (run) => run.callsPerSecond)),
    p50Ms: range((run) => run.p50),
    p95Ms: range((run) => run.p95),
    p99Ms: range((run) => run.p99),
    rssMb: range((run) => run.rssBytes / 2 ** 20),
    cpuPercent: range((run) => run.cpuShare * 100),
    generatorMicrosPerCall: range((run) => run.generatorMicrosPerCall),
    ...(Number.isNaN(others.median) ? {} : { othersPercent: others }),
    failed: row.runs.reduce((sum, run) => sum + run.failed, 0),
  };
}
