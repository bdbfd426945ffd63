import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { readCursor } from './cursor.ts';
import { MergedList, type Listed, type MergedListOptions } from './merged-list.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const entry = (upstream: string, key: string, rest = ''): Listed => ({
  key,
  origin: { upstream, target: key },
  json: encoder.encode(`{"key":${JSON.stringify(key)},"from":"${upstream}"${rest}}`),
});

const listOf = (options: Partial<MergedListOptions> = {}): MergedList =>
  new MergedList({
    method: 'tools/list',
    upstreams: ['a', 'b', 'c'],
    pageSize: 100,
    hidesConflicts: false,
    ...options,
  });

const read = (list: MergedList, after = ''): { keys: string[]; next: string | undefined } => {
  const { json, nextCursor } = list.page(after);
  const entries = JSON.parse(`[${decoder.decode(json)}]`) as { key: string; from: string }[];
  return {
    keys: entries.map(({ key, from }) => `${key}@${from}`),
    next: nextCursor === undefined ? undefined : readCursor('tools/list', nextCursor),
  };
};

describe('a merged list', () => {
  it('is in the order of the keys, whoever has them and whenever they came', () => {
    const list = listOf();
    list.replace([], [entry('b', 'z'), entry('b', 'a')]);
    list.replace([], [entry('a', 'm')]);
    expect(read(list)).toEqual({ keys: ['a@b', 'm@a', 'z@b'], next: undefined });
    expect(list.find('m')).toEqual({ upstream: 'a', target: 'm' });
    expect(list.find('x')).toBeUndefined();
  });

  it('is empty at first', () => {
    expect(read(listOf())).toEqual({ keys: [], next: undefined });
  });

  it('has of two with one key the one of the first upstream, and the other once that is gone', () => {
    const list = listOf();
    const [first, second] = [entry('a', 'x'), entry('b', 'x')];
    list.replace([], [second]);
    expect(list.replace([], [first])).toBe(true);
    expect(read(list).keys).toEqual(['x@a']);
    expect(list.holdersOf('x')).toEqual([first, second]);
    expect(list.replace([second], [entry('b', 'x', ',"n":1')])).toBe(false);
    expect(list.replace([first], [])).toBe(true);
    expect(read(list).keys).toEqual(['x@b']);
  });

  it('has neither if that is wished', () => {
    const list = listOf({ hidesConflicts: true });
    list.replace([], [entry('a', 'x'), entry('a', 'y')]);
    list.replace([], [entry('b', 'x')]);
    expect(read(list).keys).toEqual(['y@a']);
    expect(list.find('x')).toBeUndefined();
    list.replace([entry('a', 'x')], []);
  });

  it('says whether anything is different', () => {
    const list = listOf();
    const before = [entry('a', 'x'), entry('a', 'y')];
    expect(list.replace([], before)).toBe(true);
    const same = [entry('a', 'y'), entry('a', 'x')];
    expect(list.replace(before, same)).toBe(false);
    const changed = [entry('a', 'x', ',"n":1'), entry('a', 'y')];
    expect(list.replace(same, changed)).toBe(true);
    expect(list.replace(changed, [])).toBe(true);
    expect(list.replace([], [])).toBe(false);
  });

  it('is cut into pages, each the same object until something changes', () => {
    const list = listOf({ pageSize: 2 });
    const entries = ['1', '2', '3', '4', '5'].map((key) => entry('a', key));
    list.replace([], entries);
    expect(read(list)).toEqual({ keys: ['1@a', '2@a'], next: '2' });
    expect(read(list, '2')).toEqual({ keys: ['3@a', '4@a'], next: '4' });
    expect(read(list, '4')).toEqual({ keys: ['5@a'], next: undefined });
    const page = list.page('2');
    expect(list.page('2')).toBe(page);
    list.replace([], [entry('b', '0')]);
    expect(list.page('2')).not.toBe(page);
  });

  it('keeps no page that begins where no page ends', () => {
    const list = listOf({ pageSize: 2 });
    list.replace(
      [],
      ['1', '2', '3'].map((key) => entry('a', key)),
    );
    expect(list.page('1')).not.toBe(list.page('1'));
    expect(read(list, '11')).toEqual({ keys: ['2@a', '3@a'], next: undefined });
  });

  it('ends a page early that becomes too long', () => {
    const list = listOf();
    const long = `,"text":"${'x'.repeat(2_500_000)}"`;
    list.replace(
      [],
      ['1', '2', '3'].map((key) => entry('a', key, long)),
    );
    expect(read(list)).toEqual({ keys: ['1@a', '2@a'], next: '2' });
  });

  it('read page by page has all that stays once, whatever comes and goes meanwhile', () => {
    const keys = fc.uniqueArray(fc.oneof(fc.constantFrom('a', 'ab', 'b', 'é', '\ud800', '\u{1f600}'), fc.string()), {
      maxLength: 12,
    });
    const change = fc.record({ upstream: fc.constantFrom('a', 'b', 'c'), keys });
    const steps = fc.array(change, { maxLength: 8 });
    check(
      fc.property(steps, steps, fc.integer({ min: 1, max: 4 }), (before, during, pageSize) => {
        const list = listOf({ pageSize });
        const held = new Map<string, readonly Listed[]>();
        const apply = ({ upstream, keys }: { upstream: string; keys: string[] }): void => {
          const next = keys.filter((key) => key !== '').map((key) => entry(upstream, key));
          list.replace(held.get(upstream) ?? [], next);
          held.set(upstream, next);
        };
        const present = (): Set<string> => new Set([...held.values()].flat().map(({ key }) => key));
        for (const step of before) apply(step);
        let stays = present();
        const seen: string[] = [];
        let after: string | undefined = '';
        for (let page = 0; after !== undefined; page++) {
          const { json, nextCursor } = list.page(after);
          const entries = JSON.parse(`[${decoder.decode(json)}]`) as { key: string }[];
          expect(entries.length).toBeLessThanOrEqual(pageSize);
          seen.push(...entries.map(({ key }) => key));
          after = nextCursor === undefined ? undefined : readCursor('tools/list', nextCursor);
          const step = during[page];
          if (!step) continue;
          apply(step);
          const now = present();
          stays = new Set([...stays].filter((key) => now.has(key)));
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect([...seen].sort()).toEqual(seen);
        for (const key of stays) expect(seen).toContain(key);
      }),
    );
  });
});
