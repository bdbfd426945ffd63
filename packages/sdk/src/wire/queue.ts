import { McpError } from '../core/errors.ts';

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : McpError.from(thrown));

const one = (): number => 1;

/** Turns pushed values into an async iterable with one consumer. */
export class PushQueue<T> implements AsyncIterable<T> {
  readonly #sizeOf: (value: T) => number;
  #values: T[] = [];
  #size = 0;
  /** Resolves the value that is waited for. */
  #waiting: ((next: Promise<IteratorResult<T>>) => void) | undefined;
  #ended = false;
  #error: unknown;

  /** @param sizeOf - what a value counts in {@link size}; the same each time */
  constructor(sizeOf: (value: T) => number = one) {
    this.#sizeOf = sizeOf;
  }

  /** Adds a value; ignored after the end. */
  push(value: T): void {
    if (this.#ended) return;
    this.#values.push(value);
    this.#size += this.#sizeOf(value);
    this.#wake();
  }

  /** How much waits to be read; the number of values unless they are counted otherwise. */
  get size(): number {
    return this.#size;
  }

  /** The value pushed last, of those that wait and match. */
  findLast(matches: (value: T) => boolean): T | undefined {
    return this.#values.findLast(matches);
  }

  /** Takes back the values that wait and match. */
  drop(matches: (value: T) => boolean): void {
    this.#values = this.#values.filter((value) => !matches(value));
    this.#size = this.#values.reduce((sum, value) => sum + this.#sizeOf(value), 0);
  }

  /** Ends the iteration once the values before are read; with `error` it throws then. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /**
   * Yields what was pushed, in order; waits for more until the end.
   *
   * @remarks By hand: each open stream has one of these that waits, and a generator takes five times the memory.
   */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    let isLeft = false;
    return {
      next: () => (isLeft ? DONE : this.#next()),
      return: () => {
        isLeft = true;
        return DONE;
      },
    };
  }

  #next(): Promise<IteratorResult<T>> {
    if (this.#values.length > 0) {
      // There is one: undefined may be a value.
      const value = this.#values.shift() as T;
      this.#size -= this.#sizeOf(value);
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== undefined) return Promise.reject(toError(this.#error));
    if (this.#ended) return DONE;
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** Not at once: what is pushed may be taken back in the same turn. */
  #wake(): void {
    const resolve = this.#waiting;
    if (!resolve) return;
    this.#waiting = undefined;
    queueMicrotask(() => {
      resolve(this.#next());
    });
  }
}

const DONE: Promise<IteratorReturnResult<undefined>> = Promise.resolve({ done: true, value: undefined });
