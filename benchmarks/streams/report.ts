import type { Held, Resident } from './open.ts';
import type { Slow } from './slow.ts';

const SLOW_LIMIT_MIB = 64;

/** Prints what open streams cost. @returns whether they stay below their limits */
export function printHeld(held: readonly Held[]): boolean {
  const head = ['', 'RSS empty MiB', 'RSS more', 'after GC', 'heap more', 'RSS kB each', 'all told ms', 'limit', 'met'];
  const lines = held.map((each) => {
    const { name, empty, full, streams, toldMs, limitMiB } = each;
    const more = (what: keyof Resident): string => mib(full[what] - empty[what]);
    const perStream = ((full.settled - empty.settled) / streams / 1_000).toFixed(1);
    const figures = [mib(empty.rss), more('rss'), more('settled'), more('heap'), perStream, toldMs.toFixed(0)];
    return [name, ...figures, `${limitMiB} MiB`, isHeldMet(each) ? 'yes' : 'NO'];
  });
  print(head, lines);
  return held.every(isHeldMet);
}

/** Judged by what is left after garbage collection: how much garbage lies about is up to V8 and to the minute. */
const isHeldMet = ({ empty, full, limitMiB }: Held): boolean => mibOf(full.settled - empty.settled) < limitMiB;

/** Prints what long streams with slow readers cost. @returns whether they stay below their limit */
export function printSlow(slow: readonly Slow[]): boolean {
  const head = ['', 'MiB', 's', 'peak RSS more, stalled', 'peak RSS more, read', 'after GC', 'met'];
  const lines = slow.map((each) => {
    const { name, bytes, readMs, empty, stalled, read } = each;
    const more = [stalled.peak, read.peak, read.settled].map((now) => mib(now - empty.settled));
    return [name, mib(bytes), (readMs / 1_000).toFixed(1), ...more, isSlowMet(each) ? 'yes' : 'NO'];
  });
  print(head, lines);
  const others = slow.map(({ name, others: { before, stalled, read } }) => [
    name,
    ...[before, stalled, read].map(({ p50, p99 }) => `${p50.toFixed(1)} / ${p99.toFixed(1)}`),
    String(before.failed + stalled.failed + read.failed),
  ]);
  print(['another caller, p50 / p99 ms', 'before', 'stalled', 'read', 'failed'], others);
  return slow.every(isSlowMet);
}

const isSlowMet = ({ empty, stalled, read }: Slow): boolean =>
  mibOf(Math.max(stalled.peak, read.peak) - empty.settled) < SLOW_LIMIT_MIB;

function print(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const rows = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  process.stdout.write(`${rows.join('\n')}\n\n`);
}

const mibOf = (bytes: number): number => bytes / 2 ** 20;
const mib = (bytes: number): string => mibOf(bytes).toFixed(1);
