import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Cores that other programs may use while something is measured. */
const TOLERATED = 0.15;
/** Further tries, as long as others use more. */
const TRIES = 2;

/** Something measured, and how many cores other programs used meanwhile; NaN where that cannot be told. */
export interface Quiet<T> {
  readonly result: T;
  readonly othersShare: number;
}

/** Measures again while other programs disturb it, and takes the try that was disturbed least. */
export async function inQuiet<T>(measure: () => Promise<T>): Promise<Quiet<T>> {
  let best = await watch(measure);
  for (let tries = 0; tries < TRIES && best.othersShare > TOLERATED; tries++) {
    const next = await watch(measure);
    if (next.othersShare < best.othersShare) best = next;
  }
  return best;
}

async function watch<T>(measure: () => Promise<T>): Promise<Quiet<T>> {
  const [busy, own, startedAt] = [busyMs(), ownMs(), performance.now()];
  const result = await measure();
  const others = busyMs() - busy - (ownMs() - own);
  return { result, othersShare: Math.max(0, others / (performance.now() - startedAt)) };
}

/** How long the cores of this machine have worked. */
const busyMs = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);

/** Linux counts in hundredths of a second here. */
const TICK_MS = 10;

/** CPU time of this process and of all that it has started and that still run. */
function ownMs(): number {
  const times = new Map<number, { readonly parent: number; readonly ms: number }>();
  for (const pid of processes()) {
    const stat = statOf(pid);
    if (stat) times.set(pid, stat);
  }
  const isOwn = (pid: number): boolean => {
    const parent = times.get(pid)?.parent;
    return pid === process.pid || (parent !== undefined && isOwn(parent));
  };
  if (times.size === 0) return NaN;
  return [...times].reduce((sum, [pid, { ms }]) => (isOwn(pid) ? sum + ms : sum), 0);
}

function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
}

function statOf(pid: number): { readonly parent: number; readonly ms: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
