import { describe, expect, it } from 'vitest';
import { BriefMap } from './brief-map.ts';

describe('BriefMap', () => {
  it('keeps values by key until they are taken', () => {
    const map = new BriefMap<number | string, { n: number }>();
    const [one, two] = [{ n: 1 }, { n: 2 }];
    map.set(1, one);
    map.set('1', two);
    expect([map.get(1), map.get('1'), map.size]).toEqual([one, two, 2]);
    expect(map.take(1)).toBe(one);
    expect([map.take(1), map.get(1), map.has(1), map.size]).toEqual([undefined, undefined, false, 1]);
    expect(map.values()).toEqual([two]);
  });

  it('has the last value of a key, in the place of the first', () => {
    const map = new BriefMap<string, { n: number }>();
    for (const [key, n] of Object.entries({ a: 1, b: 2 })) map.set(key, { n });
    map.set('a', { n: 3 });
    expect(map.values()).toEqual([{ n: 3 }, { n: 2 }]);
    map.clear();
    expect([map.size, map.values(), map.get('a')]).toEqual([0, [], undefined]);
  });

  it('gives values that are taken while they are looked at', () => {
    const map = new BriefMap<number, { n: number }>();
    for (const n of [1, 2, 3]) map.set(n, { n });
    for (const { n } of map.values()) map.take(n);
    expect(map.size).toBe(0);
  });
});
