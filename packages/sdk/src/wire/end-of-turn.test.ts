import { afterEach, expect, it, vi } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import { endOfTurn } from './end-of-turn.node.ts';

let written: string[];

async function write(name: string): Promise<void> {
  await endOfTurn();
  written.push(name);
}

/** What is resolved has gone on. */
const reactions = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

afterEach(() => {
  vi.restoreAllMocks();
});

it('writes wait for each other, and go out in their order', async () => {
  written = [];
  void write('a');
  await reactions();
  void write('b');
  await reactions();
  expect(written).toEqual([]);
  await settled();
  expect(written).toEqual(['a', 'b']);
});

it('a write that another one causes goes out in the next turn', async () => {
  written = [];
  void write('a').then(() => write('b'));
  await new Promise(setImmediate);
  expect(written).toEqual(['a']);
  await settled();
  expect(written).toEqual(['a', 'b']);
});

it('no write waits longer than a millisecond for the work of others', async () => {
  written = [];
  const now = vi.spyOn(performance, 'now').mockReturnValue(10);
  void write('a');
  now.mockReturnValue(11);
  void write('b');
  await reactions();
  expect(written).toEqual([]);
  now.mockReturnValue(11.5);
  void write('c');
  await reactions();
  expect(written).toEqual(['a', 'b', 'c']);
  await settled();
  expect(written).toHaveLength(3);
});
