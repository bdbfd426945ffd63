import { McpError, type Clock } from '@org/mcp-sdk';

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** How many timers have neither run nor been cancelled: what the code under test still waits for. */
  readonly waiting: number;
  /**
   * Moves time on and runs what is due, in the order of time, timers that start on the way included.
   * @param ms - from 0
   * @throws McpError `invalid_options` if `ms` would move time back
   */
  advance(ms: number): void;
}

/**
 * Makes a {@link FakeClock}, which starts at 0.
 *
 * @remarks It implements the clock of the SDK only. Code that calls `setTimeout` or `Date.now` itself needs the fake
 * timers of the test runner.
 * @param startMs - what `wallClock()` says at first. Unit: ms since 1970
 */
export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  const timers = new Set<Timer>();
  let now = 0;
  const earliestUntil = (until: number): Timer | undefined => {
    let earliest: Timer | undefined;
    for (const timer of timers) if (timer.at <= until && (!earliest || timer.at < earliest.at)) earliest = timer;
    return earliest;
  };
  return {
    get waiting() {
      return timers.size;
    },
    now: () => now,
    wallClock: () => startMs + now,
    after(ms, fn) {
      const timer = { at: now + Math.max(0, ms), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      if (!(ms >= 0)) throw new McpError('invalid_options', `advance(${ms}): time does not go back; use 0 or more.`);
      const until = now + ms;
      for (let timer = earliestUntil(until); timer; timer = earliestUntil(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.fn();
      }
      now = until;
    },
  };
}
