import { expect, it } from 'vitest';
import { listAll } from './lists.ts';

const PAGES: Record<string, { entries: number[]; nextCursor?: string }> = {
  first: { entries: [1, 2], nextCursor: 'second' },
  second: { entries: [3], nextCursor: 'third' },
  third: { entries: [] },
};

it('reads a page only when its entries are wanted', async () => {
  const loaded: (string | undefined)[] = [];
  const list = listAll((cursor) => {
    loaded.push(cursor);
    return Promise.resolve({ nextCursor: undefined, ...PAGES[cursor ?? 'first'] } as never);
  });
  for await (const entry of list) if (entry === 2) break;
  expect(loaded).toEqual([undefined]);
  expect(await list.toArray()).toEqual([1, 2, 3]);
  expect(loaded).toEqual([undefined, undefined, 'second', 'third']);
});

it('gives up a list that does not end', async () => {
  const list = listAll(() => Promise.resolve({ entries: [1], nextCursor: 'again' }));
  await expect(list.toArray()).rejects.toMatchObject({ code: 'unavailable' });
});

it('gives up a list whose pages never end', async () => {
  let page = 0;
  const list = listAll(() => Promise.resolve({ entries: [], nextCursor: String(page++) }));
  await expect(list.toArray()).rejects.toThrow('more than 10000 pages');
});
