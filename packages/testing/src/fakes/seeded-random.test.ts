import { McpError } from '@org/mcp-sdk';
import { expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.ts';

const draw = (seed: number, count = 1_000): number[] => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, random.next);
};

test('equal seeds give equal sequences, other seeds others', () => {
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('the sequence is mulberry32 and never changes between releases', () => {
  expect(draw(1, 3).map((value) => value * 0x1_0000_0000)).toEqual([2693262067, 11749833, 2265367787]);
});

test('numbers lie from 0 to below 1 and spread evenly', () => {
  const numbers = draw(2026);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
});

test('bytes come from the same sequence, in the length asked for', () => {
  const bytes = createSeededRandom(3).bytes(64);
  expect(bytes).toHaveLength(64);
  expect(bytes).toEqual(createSeededRandom(3).bytes(64));
  expect(new Set(bytes).size).toBeGreaterThan(32);
});

test('it tells its seed and refuses what is none', () => {
  expect(createSeededRandom(-5).seed).toBe(-5);
  expect(() => createSeededRandom(0.5)).toThrow(McpError);
});
