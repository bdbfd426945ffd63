/** One call of the rehearsal. */
export interface CallRecord {
  readonly upstream: string;
  /** When it began. Unit: ms of `performance.now()`. */
  readonly at: number;
  readonly ms: number;
  readonly error: string | undefined;
}

/** Prints what a fault did to the victim and to the others. */
export function printOutcome(
  { name, victim }: { readonly name: string; readonly victim: string },
  records: readonly CallRecord[],
  { struckAt, recoveryMs }: { readonly struckAt: number; readonly recoveryMs: number },
): void {
  const others = records.filter(({ upstream }) => upstream !== victim);
  const before = others.filter(({ at }) => at < struckAt);
  const after = others.filter(({ at }) => at >= struckAt);
  const failed = records.filter(({ upstream, error }) => upstream === victim && error !== undefined);
  const nameless = failed.filter(({ error }) => !error?.includes(`"${victim}"`));
  const lines = [
    `${name} (${records.length} calls)`,
    `  others: ${others.filter(({ error }) => error).length} of ${others.length} failed; p99 ${p99(before)} ms before, ${p99(after)} ms after; longest ${longest(after)} ms`,
    `  victim: ${failed.length} calls failed, the slowest after ${longest(failed)} ms, ${nameless.length} without naming it`,
    `  back ${Math.round(recoveryMs)} ms after it could be; e.g. ${failed[0]?.error ?? 'no error'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const sorted = (records: readonly CallRecord[]): number[] => records.map(({ ms }) => ms).sort((a, b) => a - b);

const p99 = (records: readonly CallRecord[]): string =>
  (sorted(records)[Math.floor(records.length * 0.99)] ?? 0).toFixed(1);

const longest = (records: readonly CallRecord[]): string => (sorted(records).at(-1) ?? 0).toFixed(1);
