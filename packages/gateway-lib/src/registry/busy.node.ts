import { readFile } from 'node:fs/promises';

/** States of a process that answers nobody: stopped, stopped by a debugger, ended. */
const SILENT_STATES = 'TtZXx';

/**
 * Whether a process that does not answer is at work: it runs or waits, and is not stopped.
 * @returns false also where that cannot be known: only Linux tells
 */
export async function isAtWork(pid: number | undefined): Promise<boolean> {
  if (pid === undefined || process.platform !== 'linux') return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const state = stateOf(stat);
  return state !== undefined && !SILENT_STATES.includes(state);
}

/** The state in the text of `/proc/<pid>/stat`. The name of the program before it may hold anything, also `)`. */
export const stateOf = (stat: string): string | undefined =>
  /^ ([A-Za-z])/.exec(stat.slice(stat.lastIndexOf(')') + 1))?.[1];
