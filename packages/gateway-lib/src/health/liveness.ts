import type { Clock } from '@org/mcp-sdk';
import type { Wheel } from '../core/wheel.ts';

/** What a {@link Liveness} watches. */
export interface LivenessOptions {
  /** How long an endpoint with calls may be silent. Unit: ms, from 2. Half of it passes before the endpoint is asked. */
  readonly silenceMs: number;
  /** How long the endpoint has for its answer, if that is more than the other half. Unit: ms. @defaultValue 0 */
  readonly pingMs?: number;
  readonly clock: Clock;
  readonly wheel: Wheel;
  /** Asks the endpoint for a sign of life. */
  readonly ping: (signal: AbortSignal) => Promise<void>;
  /** Told once when it gave none. @param silentMs - since its last sign of life */
  readonly onDead: (silentMs: number) => void;
}

/**
 * Watches an endpoint while it has calls: one that says nothing is asked for a sign of life, and one that gives none is
 * dead. A frozen process and a cut network look like a slow tool; only asking tells them apart.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #lastSign: number;
  #calls = 0;
  #watching = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#lastSign = options.clock.now();
  }

  /** A call went out. */
  enter(): void {
    if (this.#calls++ === 0) this.#lastSign = this.#options.clock.now();
    this.#keepWatching();
  }

  /** A call came to its end; `alive` when the endpoint ended it. */
  leave(alive: boolean): void {
    this.#calls--;
    if (alive) this.#lastSign = this.#options.clock.now();
  }

  #keepWatching(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { clock, wheel, silenceMs } = this.#options;
    // Counted from the last sign: a check that comes too early would add its whole pause to the time of silence.
    wheel.after(Math.max(this.#lastSign + silenceMs / 2 - clock.now(), 0), {
      expire: () => void this.#check(),
    });
  }

  async #check(): Promise<void> {
    const { clock, silenceMs } = this.#options;
    this.#watching = false;
    if (this.#calls === 0) return;
    const silent = clock.now() - this.#lastSign >= silenceMs / 2;
    if (silent && !(await this.#isAlive())) this.#options.onDead(Math.round(clock.now() - this.#lastSign));
    else this.#keepWatching();
  }

  async #isAlive(): Promise<boolean> {
    const asked = this.#lastSign;
    const timeout = new AbortController();
    const { silenceMs, pingMs = 0, wheel } = this.#options;
    const deadline = wheel.after(Math.max(silenceMs / 2, pingMs), {
      expire: () => {
        timeout.abort();
      },
    });
    try {
      await this.#options.ping(timeout.signal);
      this.#lastSign = this.#options.clock.now();
      return true;
    } catch {
      // An answer to a call is as good a sign as one to the question.
      return this.#lastSign > asked;
    } finally {
      deadline.cancel();
    }
  }
}
