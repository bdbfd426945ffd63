import type { Clock } from '@org/mcp-sdk';

/** Least time between two reads of one list. Unit: ms. */
const FIRST_MS = 250;
/** Most time between them, for a list that is said to change and does not. Unit: ms. */
const MAX_MS = 5_000;

interface Last {
  readonly at: number;
  readonly pauseMs: number;
}

/** Spaces out the reads that notifications cause: a server may tell of a change whenever it is asked. */
export class Spacing {
  readonly #clock: Clock;
  readonly #last = new Map<string, Last>();
  readonly #timers = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `read` when the list may be read again, at once if that is now. Never once it is closed. */
  when(key: string, read: () => void): void {
    if (this.#closed) return;
    const last = this.#last.get(key);
    const waitMs = last ? last.at + last.pauseMs - this.#clock.now() : 0;
    if (waitMs <= 0) {
      read();
      return;
    }
    const cancel = this.#clock.after(waitMs, () => {
      this.#timers.delete(cancel);
      read();
    });
    this.#timers.add(cancel);
  }

  /** Such a read has ended: the pause after it doubles as long as nothing comes of it. */
  ended(key: string, changed: boolean): void {
    const before = this.#last.get(key)?.pauseMs;
    const pauseMs = changed || before === undefined ? FIRST_MS : Math.min(before * 2, MAX_MS);
    this.#last.set(key, { at: this.#clock.now(), pauseMs });
  }

  /** Drops all that wait. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
