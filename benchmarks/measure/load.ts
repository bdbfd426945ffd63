/** What one run under load showed. */
export interface Load {
  readonly callsPerSecond: number;
  /** Latencies. Unit: ms. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly calls: number;
  /** Answers that were no result, or not to the call. */
  readonly failed: number;
}

/** Collects the calls of one run. */
export class Tally {
  failed = 0;
  readonly #startedAt = performance.now();
  readonly #latencies: number[] = [];

  /** Calls so far. */
  get calls(): number {
    return this.#latencies.length;
  }

  /** Counts a call that was sent at `sentAt`. */
  add(sentAt: number, now: number, isGood: boolean): void {
    this.#latencies.push(now - sentAt);
    if (!isGood) this.failed++;
  }

  /** The figures, once the run is over. */
  toLoad(): Load {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
    return {
      callsPerSecond: sorted.length / seconds,
      ...{ p50: at(0.5), p95: at(0.95), p99: at(0.99) },
      calls: sorted.length,
      failed: this.failed,
    };
  }
}
