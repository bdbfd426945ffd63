import type { Random } from '@org/mcp-sdk';
import fc from 'fast-check';

/** The seed of everything random here; set `FC_SEED` to try another, which a failure prints. */
export const SEED = Number(process.env.FC_SEED ?? 20260728);

/** Runs a property with the seed; a failure names seed and path. */
export const check = <T>(property: fc.IProperty<T>, numRuns = 300): void => {
  fc.assert(property, { seed: SEED, numRuns });
};

/** {@link check} for a property that waits. */
export const checkAsync = <T>(property: fc.IAsyncProperty<T>, numRuns = 100): Promise<void> =>
  fc.assert(property, { seed: SEED, numRuns });

/** Chance that is the same in each run: mulberry32. */
export function seededRandom(seed = SEED): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}
