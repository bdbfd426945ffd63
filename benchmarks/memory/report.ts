import type { Memory } from './memory.ts';

/** What one check found. */
export interface Check {
  readonly name: string;
  readonly before: Memory;
  readonly after: Memory;
  /** What a lost session costs that is kept by design. Unit: bytes. */
  readonly perKeptSession?: number;
}

const MIB = 2 ** 20;
const LIMIT_BYTES = 2 * MIB;
const LIMIT_SHARE = 0.05;
const BYTES = new Set(['heap', 'external']);

/** Prints what was left before and after. @returns whether nothing leaks */
export function printMemory(checks: readonly Check[]): boolean {
  const head = ['', 'heap before MiB', 'after', 'external before MiB', 'after', 'still open', 'leaks'];
  const lines = checks.map((check) => {
    const { name, before, after } = check;
    const sizes = [before.heap, after.heap, before.external, after.external].map((bytes) => mib(bytes));
    return [name, ...sizes, resourcesOf(after), leaksOf(check).join(', ') || 'none'];
  });
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const kept = checks.flatMap(({ perKeptSession }) =>
    perKeptSession === undefined
      ? []
      : `A lost session that is kept for its client takes ${Math.round(perKeptSession)} bytes.`,
  );
  const isMet = checks.every((check) => leaksOf(check).length === 0);
  const verdict = `Limit: 5 % or 2 MiB, no more resources than before: ${isMet ? 'met' : 'NOT MET'}`;
  process.stdout.write(`Node ${process.versions.node}\n\n${[table, ...kept, verdict].join('\n\n')}\n`);
  return isMet;
}

/** What has grown: bytes beyond the limit, or anything that is open. */
function leaksOf({ before, after }: Check): string[] {
  return Object.entries(after).flatMap(([kind, count]) => {
    const base = before[kind] ?? 0;
    const allowed = BYTES.has(kind) ? Math.max(LIMIT_BYTES, base * LIMIT_SHARE) : 0;
    return count - base > allowed ? [kind] : [];
  });
}

const resourcesOf = (memory: Memory): string =>
  Object.entries(memory)
    .filter(([kind]) => !BYTES.has(kind))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');

const mib = (bytes = 0): string => (bytes / MIB).toFixed(2);
