import { expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { createMemoryStore } from './store.ts';

it('keeps values for their time', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore(clock);
  await store.set('a', '1', 100);
  expect([await store.get('a'), await store.add('a', '2', 100)]).toEqual(['1', false]);
  clock.advance(100);
  expect([await store.get('a'), await store.add('a', '2', 100), await store.get('a')]).toEqual([undefined, true, '2']);
});

it.each([
  ['entries', { maxEntries: 2 }],
  ['text', { maxSize: 10 }],
])('makes room with the oldest when there is too much: %s', async (_, limits) => {
  const store = createMemoryStore(new FakeClock(), limits);
  for (const key of ['a', 'b', 'b', 'c']) await store.set(key, 'text', 1_000);
  const kept = await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)));
  expect(kept).toEqual([undefined, 'text', 'text']);
  await store.delete('b');
  await store.set('d', 'text', 1_000);
  expect(await store.get('c')).toBe('text');
  await store.set('e', 'x'.repeat(100), 1_000);
  expect(await store.get('e')).toHaveLength(100);
});

it('replaces a value only if it is still the one that was read', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore(clock);
  expect(await store.replace('a', { was: '', value: '1' }, 100)).toBe(false);
  await store.set('a', '1', 100);
  expect(await store.replace('a', { was: '0', value: '2' }, 100)).toBe(false);
  clock.advance(99);
  expect(await store.replace('a', { was: '1', value: '2' }, 100)).toBe(true);
  clock.advance(99);
  expect(await store.get('a')).toBe('2');
});
