/** What all instances of an official reference server share: its makers want a new one per request or connection. */
export class World {
  /** Whether the tool `added` is there. */
  grown = false;
  readonly #waiting = new Set<() => void>();
  #cancelled = 0;

  /** A call that hangs until it is given up. */
  hang(signal: AbortSignal): Promise<string> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.#cancelled++;
        for (const wake of this.#waiting) wake();
        this.#waiting.clear();
        resolve('cancelled');
      });
    });
  }

  /** Resolves once a hanging call was given up. */
  async wasCancelled(): Promise<string> {
    if (this.#cancelled === 0) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    this.#cancelled--;
    return 'yes';
  }
}
