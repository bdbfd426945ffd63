import type { Clock, Random } from '@org/mcp-sdk';

/** When to try again. */
export interface Backoff {
  /**
   * Pause before the next attempt. Unit: ms; undefined to give up.
   * @param crashed - whether a process that was started for this attempt ended: only those are counted
   */
  next(crashed: boolean): number | undefined;
  /** An attempt succeeded. */
  succeeded(): void;
  /** Forgets everything. */
  reset(): void;
}

const FIRST_MS = 100;
/** A server that is back is found within 5 s even when the pause has just begun. */
const MAX_MS = 2_000;
/** So many crashes within {@link CRASH_WINDOW_MS} are a loop. */
const MAX_CRASHES = 6;
const CRASH_WINDOW_MS = 60_000;

/**
 * Doubles the pause with each failure in a row, from 100 ms to 2 s, with ±20 % of chance so that many gateways do not
 * knock at once; gives up after six crashes within a minute.
 */
export function createBackoff(clock: Clock, random: Random): Backoff {
  let failures = 0;
  let crashes: number[] = [];
  return {
    next(crashed) {
      const now = clock.now();
      if (crashed) crashes = [...crashes.filter((at) => now - at < CRASH_WINDOW_MS), now];
      if (crashes.length >= MAX_CRASHES) return undefined;
      return Math.min(FIRST_MS * 2 ** failures++, MAX_MS) * (0.8 + 0.4 * random.next());
    },
    succeeded() {
      failures = 0;
    },
    reset() {
      failures = 0;
      crashes = [];
    },
  };
}
