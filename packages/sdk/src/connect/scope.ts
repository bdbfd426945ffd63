/** Remembers what a function was run for, in whatever it awaits. */
export interface Scope<T> {
  run(value: T, work: () => void): void;
  /** What the code at hand was run for; undefined where that is not known. */
  current(): T | undefined;
}

/** Makes a scope where the runtime has none: nothing is remembered. */
export const createScope = <T>(): Scope<T> => ({
  run: (_value, work) => {
    work();
  },
  current: () => undefined,
});
