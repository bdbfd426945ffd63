import type { Child } from './child-process.ts';
import type { Load } from './load.ts';
import { medianOf } from './median.ts';

/** What one run of a scenario showed. */
export interface Run extends Load {
  /** Of the process of the server. */
  readonly cpuMicrosPerCall: number;
  /** How much of one core the server used, 1 for all; less where the machine or the generator did not let it. */
  readonly cpuShare: number;
  readonly generatorMicrosPerCall: number;
  /** Of the process of the server, after the run. */
  readonly rssBytes: number;
  /** Cores that other programs used meanwhile, if somebody looked. */
  readonly othersShare?: number;
}

/** What the runs of one scenario showed. */
export interface Row {
  readonly name: string;
  /** The row it is compared with; its own name if with none. */
  readonly peer: string;
  readonly runs: Run[];
}

/** Puts load on a server and tells what that cost it. */
export async function measureRun(child: Child, load: () => Promise<Load>): Promise<Run> {
  const { cpuMicros: before } = await child.usage();
  const startedAt = performance.now();
  const ownBefore = process.cpuUsage();
  const shown = await load();
  const own = process.cpuUsage(ownBefore);
  const { cpuMicros, rssBytes } = await child.usage();
  const used = cpuMicros - before;
  return {
    ...shown,
    cpuMicrosPerCall: used / shown.calls,
    cpuShare: used / ((performance.now() - startedAt) * 1000),
    generatorMicrosPerCall: (own.user + own.system) / shown.calls,
    rssBytes,
  };
}

/** What `pick` reads from a row divided by what it reads from another, round by round: slow moments hit both. */
export const ratiosOf = (row: Row | undefined, peer: Row | undefined, pick: (run: Run) => number): number[] =>
  (row?.runs ?? []).flatMap((run, round) => (peer?.runs[round] ? [pick(run) / pick(peer.runs[round])] : []));

/** The median over the rounds of {@link ratiosOf}. */
export const ratioOf = (row: Row | undefined, peer: Row | undefined, pick: (run: Run) => number): number =>
  medianOf(ratiosOf(row, peer, pick));
