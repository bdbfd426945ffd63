/** Time as an argument, so that tests decide how late it is. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number;
  /** Milliseconds since 1970, for timestamps and expiries that outlive the process. */
  wallClock(): number;
  /** Calls `fn` once after `ms`; returns what cancels it. The timer does not keep the process alive. */
  after(ms: number, fn: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  after(ms, fn) {
    const timer: unknown = setTimeout(fn, ms);
    // Browsers and workerd return a number: there is nothing to unref.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref();
    return () => {
      clearTimeout(timer as ReturnType<typeof setTimeout>);
    };
  },
};
