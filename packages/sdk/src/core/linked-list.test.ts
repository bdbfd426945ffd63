import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { LinkedList } from './linked-list.ts';

describe('a linked list', () => {
  it('holds what a Set of the same history holds, in the same order', () => {
    const step = fc.record({ add: fc.boolean(), pick: fc.nat() });
    check(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const list = new LinkedList<number>();
        const items = new Map<number, ReturnType<typeof list.add>>();
        const set = new Set<number>();
        steps.forEach(({ add, pick }, value) => {
          if (add) {
            items.set(value, list.add(value));
            set.add(value);
            return;
          }
          const picked = [...items.keys()][pick % Math.max(items.size, 1)];
          if (picked !== undefined) expect(items.get(picked)?.remove()).toBe(set.delete(picked));
        });
        expect(list.values()).toEqual([...set]);
        expect(list.size).toBe(set.size);
      }),
    );
  });

  it('lets an item be taken out once', () => {
    const list = new LinkedList<string>();
    const item = list.add('a');
    expect([item.remove(), item.remove(), list.size]).toEqual([true, false, 0]);
  });

  it('keeps nothing of an item that was taken out', () => {
    const list = new LinkedList<string>();
    const [first, second] = [list.add('a'), list.add('b')];
    first.remove();
    expect([first.next, first.previous]).toEqual([first, first]);
    expect(second.previous).not.toBe(first);
  });
});
