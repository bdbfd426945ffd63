import type { CpuProfile, Frame, HeapNode, HeapProfile } from './profile.ts';

/** A function with what it did itself, the functions that it called left out. */
export interface Hotspot {
  /** `(garbage collector)` and `(program)`, which is code of the runtime that is not JavaScript, have no file. */
  readonly function: string;
  /** Path, or URL such as `node:net`. */
  readonly file: string;
  /** From 1; 0 where there is no file. */
  readonly line: number;
  /** In a CPU profile: the time in it. Unit: ms. */
  readonly selfMs?: number;
  /** In a heap profile: the memory it allocated, whether or not it was collected since. Unit: bytes. */
  readonly selfBytes?: number;
  /** Share of all that was measured, from 0 to 1; time in which nothing ran is left out. */
  readonly selfShare: number;
}

/** A frame and what was measured in it. */
type Cost = readonly [frame: Frame, self: number];

const SHOWN = 15;
/** No work: the root of the tree, and waiting. */
const NO_WORK = new Set(['(root)', '(idle)']);

/** The functions in which most of the time went. */
export function hotspotsOfCpu({ nodes, samples = [], timeDeltas = [] }: CpuProfile): readonly Hotspot[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const costs = samples.flatMap((id, index): Cost[] => {
    const frame = frames.get(id);
    // A sample stands for the time until the next one.
    return frame ? [[frame, (timeDeltas[index + 1] ?? 0) / 1_000]] : [];
  });
  return largest(costs, (selfMs) => ({ selfMs: round(selfMs) }));
}

/** The functions that allocated most of the memory. */
export function hotspotsOfHeap({ head }: HeapProfile): readonly Hotspot[] {
  const costs: Cost[] = [];
  const rest: HeapNode[] = [head];
  // By hand: the tree is as deep as the deepest stack.
  for (let node = rest.pop(); node; node = rest.pop()) {
    costs.push([node.callFrame, node.selfSize]);
    rest.push(...node.children);
  }
  return largest(costs, (selfBytes) => ({ selfBytes: Math.round(selfBytes) }));
}

function largest(costs: readonly Cost[], toUnit: (self: number) => Partial<Hotspot>): readonly Hotspot[] {
  const sums = new Map<string, Cost>();
  let total = 0;
  for (const [frame, self] of costs) {
    if (NO_WORK.has(frame.functionName)) continue;
    const key = `${frame.scriptId} ${frame.lineNumber} ${frame.columnNumber} ${frame.functionName}`;
    sums.set(key, [frame, self + (sums.get(key)?.[1] ?? 0)]);
    total += self;
  }
  return [...sums.values()]
    .filter(([, self]) => self > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([frame, self]) => ({ ...placeOf(frame), ...toUnit(self), selfShare: round(self / total) }));
}

const placeOf = ({ functionName, url, lineNumber }: Frame): Pick<Hotspot, 'function' | 'file' | 'line'> => ({
  function: functionName || '(anonymous)',
  file: url.replace(/^file:\/\//, ''),
  line: url === '' ? 0 : lineNumber + 1,
});

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
