/** Where a function is. */
export interface Frame {
  /** Empty for a function without a name; `(idle)`, `(program)` and `(garbage collector)` for what is no function. */
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  /** From 0. */
  readonly columnNumber: number;
}

/** A function in one place of the call tree of a {@link CpuProfile}. */
export interface CpuNode {
  readonly id: number;
  readonly callFrame: Frame;
  readonly hitCount?: number | undefined;
  readonly children?: readonly number[] | undefined;
}

/** What a `.cpuprofile` file holds. Times have the unit µs. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node that was on top of the stack, sample by sample. */
  readonly samples?: readonly number[] | undefined;
  /** Time from the sample before to this one; of the first, from the start. */
  readonly timeDeltas?: readonly number[] | undefined;
}

/** A function in one place of the call tree of a {@link HeapProfile}. */
export interface HeapNode {
  readonly callFrame: Frame;
  /** What it allocated itself, estimated from the samples. Unit: bytes. */
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** What a `.heapprofile` file holds: where memory was allocated, and nothing of what was in it. */
export interface HeapProfile {
  readonly head: HeapNode;
}
