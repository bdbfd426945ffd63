/** Remembers what has to be closed, and closes it once, the newest first. */
export class Cleanup {
  readonly #closers: (() => Promise<void>)[] = [];
  #done = false;

  /** Adds what closes something that was just opened. @throws Error if it came too late; it is closed at once then */
  defer(close: () => Promise<void>): void {
    if (!this.#done) {
      this.#closers.push(close);
      return;
    }
    void close();
    throw new Error('It is being stopped.');
  }

  /** Closes everything. */
  async run(): Promise<void> {
    this.#done = true;
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) await close();
  }
}
