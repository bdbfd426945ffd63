/** Chance as an argument, so that tests can repeat it. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded); not for secrets. */
  next(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The chance of the machine. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
