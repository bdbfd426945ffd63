import { afterEach, expect, it, vi } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import { atEndOfTurn } from './end-of-turn.node.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('writes wait for each other, and go out in their order', async () => {
  const written: string[] = [];
  atEndOfTurn(() => written.push('a'));
  await Promise.resolve();
  atEndOfTurn(() => written.push('b'));
  await Promise.resolve();
  expect(written).toEqual([]);
  await settled();
  expect(written).toEqual(['a', 'b']);
});

it('a write that another one causes goes out in the next turn', async () => {
  const written: string[] = [];
  atEndOfTurn(() => {
    written.push('a');
    atEndOfTurn(() => written.push('b'));
  });
  await settled();
  expect(written).toEqual(['a']);
  await settled();
  expect(written).toEqual(['a', 'b']);
});

it('no write waits longer than a millisecond for the work of others', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(10);
  const written: string[] = [];
  atEndOfTurn(() => written.push('a'));
  now.mockReturnValue(11);
  atEndOfTurn(() => written.push('b'));
  expect(written).toEqual([]);
  now.mockReturnValue(11.5);
  atEndOfTurn(() => written.push('c'));
  expect(written).toEqual(['a', 'b', 'c']);
  await settled();
  expect(written).toHaveLength(3);
});

it('a write that fails of itself does not cost the others theirs', () => {
  const turns: (() => void)[] = [];
  vi.spyOn(globalThis, 'setImmediate').mockImplementation(((turn: () => void) => turns.push(turn)) as never);
  const written: string[] = [];
  atEndOfTurn(() => {
    throw new Error('x');
  });
  atEndOfTurn(() => written.push('b'));
  expect(turns.shift()).toThrow('x');
  turns.shift()?.();
  expect(written).toEqual(['b']);
});
