import { setTimeout as pause } from 'node:timers/promises';
import type { ChildMessage } from '../measure/child.ts';

/** Bytes after garbage collection, and how many of each kind of resource keep the process alive. */
export type Memory = Readonly<Record<string, number>>;

const COLLECTIONS = 4;

/** Collects garbage and tells what is left; the process needs `--expose-gc`. */
export async function readMemory(): Promise<Memory> {
  for (let i = 0; i < COLLECTIONS; i++) {
    // Finalizers and what waits for the next turn let go of more.
    await pause(50);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  const memory: Record<string, number> = { heap: heapUsed, external };
  for (const kind of process.getActiveResourcesInfo()) memory[kind] = (memory[kind] ?? 0) + 1;
  return memory;
}

/** Answers each message of the parent with what is left after garbage collection; ends with the parent. */
export function reportMemory(): void {
  process.on('message', () => {
    void readMemory().then((result) => process.send?.({ result } satisfies ChildMessage));
  });
  process.once('disconnect', () => process.exit(0));
}
