import { setTimeout as pause } from 'node:timers/promises';
import type { ChildMessage } from '../measure/child.ts';

const SAMPLE_MS = 20;
const COLLECTIONS = 3;

/**
 * Answers each message of the parent with the memory of this process. Unit: bytes. `rss` is what it holds now, `peak` the
 * most that it held since the message before, `settled` and `heap` what is left after garbage collection, which needs
 * `--expose-gc`. Ends with the parent.
 */
export function reportResident(): void {
  let peak = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS).unref();
  process.on('message', () => {
    const rss = process.memoryUsage.rss();
    const highest = Math.max(peak, rss);
    void collected().then(({ rss: settled, heapUsed: heap }) => {
      peak = 0;
      process.send?.({ result: { rss, peak: highest, settled, heap } } satisfies ChildMessage);
    });
  });
  process.once('disconnect', () => process.exit(0));
}

async function collected(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < COLLECTIONS; i++) {
    await pause(50);
    globalThis.gc?.();
  }
  return process.memoryUsage();
}
