import { McpError } from '../core/errors.ts';

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : McpError.from(thrown));

/** Turns pushed values into an async iterable with one consumer. */
export class PushQueue<T> implements AsyncIterable<T> {
  #values: T[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  /** Adds a value; ignored after the end. */
  push(value: T): void {
    if (this.#ended) return;
    this.#values.push(value);
    this.#wake?.();
  }

  /** How many values wait to be read. */
  get waiting(): number {
    return this.#values.length;
  }

  /** The value pushed last, of those that wait and match. */
  findLast(matches: (value: T) => boolean): T | undefined {
    return this.#values.findLast(matches);
  }

  /** Takes back the values that wait and match. */
  drop(matches: (value: T) => boolean): void {
    this.#values = this.#values.filter((value) => !matches(value));
  }

  /** Ends the iteration once the values before are read; with `error` it throws then. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Yields what was pushed, in order; waits for more until the end. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift() as T;
      if (this.#error !== undefined) throw toError(this.#error);
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
