import type { Load } from '../measure/load.ts';
import { medianOf } from '../measure/median.ts';

/** What one run of a scenario showed. */
export interface Run extends Load {
  /** Of the process of the server. */
  readonly cpuMicrosPerCall: number;
  /** How much of one core the server used, 1 for all; less where the machine or the generator did not let it. */
  readonly cpuShare: number;
  readonly generatorMicrosPerCall: number;
}

/** What the runs of one scenario showed. */
export interface Row {
  readonly name: string;
  readonly peer: string;
  readonly runs: Run[];
}

/** The median over the rounds of what `pick` reads from one row divided by what it reads from another. */
export const ratioOf = (row: Row | undefined, peer: Row | undefined, pick: (run: Run) => number): number =>
  medianOf((row?.runs ?? []).flatMap((run, round) => (peer?.runs[round] ? [pick(run) / pick(peer.runs[round])] : [])));
