import { McpError, type Random } from '@org/mcp-sdk';

/** Chance that repeats itself. Never use it for secrets. */
export interface SeededRandom extends Random {
  /** What it was made with; print it when a test fails. */
  readonly seed: number;
}

/**
 * Makes a {@link SeededRandom}: equal seeds give equal sequences, on every machine.
 *
 * @param seed - an integer; its lower 32 bits count
 * @throws McpError `invalid_options` if `seed` is no integer
 * @see mulberry32 by Tommy Ettinger, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function createSeededRandom(seed: number): SeededRandom {
  if (!Number.isSafeInteger(seed)) throw new McpError('invalid_options', `seed is ${seed}; allowed: an integer.`);
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { seed, next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}
