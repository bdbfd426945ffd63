import fc from 'fast-check';

/** The seed of every property here; set `FC_SEED` to try another, which a failure prints. */
export const SEED = Number(process.env.FC_SEED ?? 20260728);

/** Runs a property with the seed; a failure names seed and path. */
export const check = <T>(property: fc.IProperty<T>, numRuns = 300): void => {
  fc.assert(property, { seed: SEED, numRuns });
};

/** {@link check} for a property that waits. */
export const checkAsync = <T>(property: fc.IAsyncProperty<T>, numRuns = 100): Promise<void> =>
  fc.assert(property, { seed: SEED, numRuns });

const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export const bytes = (text: string): Uint8Array => encoder.encode(text);

/** Text of UTF-8 bytes. */
export const text = (value: Uint8Array | string): string =>
  typeof value === 'string' ? value : new TextDecoder().decode(value);
