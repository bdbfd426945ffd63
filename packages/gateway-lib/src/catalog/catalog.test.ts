import type { ListMethod } from '@org/mcp-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { deferred, Recorder, type Deferred } from '../../test/support/fakes.ts';
import { Catalog } from './catalog.ts';
import type { CatalogView, ListPage, ViewSelectors } from './catalog-view.ts';
import { EMPTY_LIST, type UpstreamList } from './entry.ts';
import { createNameTable } from './names.ts';
import { createSelector } from './selection.ts';

interface Read extends Deferred<UpstreamList> {
  readonly upstream: string;
  readonly method: ListMethod;
}

let clock: FakeClock;
let reads: Read[];
let watched: Set<string>;
let changes: ListMethod[];
let catalog: Catalog;
let all: CatalogView;

beforeEach(() => {
  clock = new FakeClock();
  reads = [];
  watched = new Set();
  changes = [];
  catalog = new Catalog({
    upstreams: ['a', 'b'],
    names: createNameTable({ naming: 'always' }),
    clock,
    read(upstream, method) {
      const read = { ...deferred<UpstreamList>(), upstream, method };
      reads.push(read);
      return read.promise;
    },
    isWatched: (upstream, method) => watched.has(`${upstream} ${method}`),
  });
  all = catalog.createView({ onChange: (method) => changes.push(method) });
});

const tools = (names: string[], ttlMs = 1_000): UpstreamList => ({
  entries: names.map((key) => {
    const json = new TextEncoder().encode(JSON.stringify({ name: key }));
    return { key, json, at: { start: 8, end: json.length - 1 } };
  }),
  ttlMs,
  isPublic: false,
});

/** Settles the reads that are open. */
async function answerReads(answers: Record<string, UpstreamList | Error>): Promise<void> {
  for (const read of reads.splice(0)) {
    const answer = answers[read.upstream] ?? EMPTY_LIST;
    if (answer instanceof Error) read.reject(answer);
    else read.resolve(answer);
  }
  await settled();
}

const listed = ({ page }: ListPage): string[] =>
  (JSON.parse(`[${new TextDecoder().decode(page.json)}]`) as { name: string }[]).map(({ name }) => name);

async function view(
  answers: Record<string, UpstreamList | Error> = {},
): Promise<{ names: string[]; missing: unknown }> {
  const viewed = all.page('tools/list', undefined);
  viewed.catch(() => undefined);
  await answerReads(answers);
  const page = await viewed;
  return { names: listed(page), missing: page.hints.missing };
}

describe('the catalog', () => {
  it('reads all upstreams at once and merges what they say', async () => {
    expect(await view({ a: tools(['x']), b: tools(['x', 'y']) })).toEqual({
      names: ['a_x', 'b_x', 'b_y'],
      missing: [],
    });
    expect(all.find('tools/list', 'b_y')).toEqual({ upstream: 'b', target: 'y' });
    expect(all.find('tools/list', 'y')).toBeUndefined();
    expect(all.find('prompts/list', 'b_y')).toBeUndefined();
    expect(catalog.count('tools/list', 'b')).toBe(2);
    expect(catalog.count('prompts/list', 'b')).toBeUndefined();
    expect(all.unread('tools/list')).toEqual([]);
    expect(all.unread('prompts/list')).toEqual(['a', 'b']);
  });

  it('reads a list once for all who ask at the same time', async () => {
    const views = [
      all.page('tools/list', undefined),
      all.page('tools/list', undefined),
      catalog.refresh('a', 'tools/list'),
    ];
    expect(reads).toHaveLength(2);
    await answerReads({ a: tools(['x']), b: tools(['y']) });
    await Promise.all(views);
    expect(reads).toHaveLength(0);
  });

  it('reads again what is older than it may be, and only that', async () => {
    await view({ a: tools(['x'], 1_000), b: tools(['y'], 5_000) });
    clock.advance(999);
    await view();
    clock.advance(1);
    const viewed = all.page('tools/list', undefined);
    expect(reads.map(({ upstream }) => upstream)).toEqual(['a']);
    await answerReads({ a: tools(['z']) });
    expect(listed(await viewed)).toEqual(['a_z', 'b_y']);
  });

  it('does not read again what is watched, however old', async () => {
    await view({ a: tools(['x'], 0), b: tools(['y'], Infinity) });
    watched.add('a tools/list');
    catalog.watchChanged();
    clock.advance(1e9);
    expect(await view()).toMatchObject({ names: ['a_x', 'b_y'] });
  });

  it('serves what it had of an upstream that fails, and says how old that is', async () => {
    await view({ a: tools(['x'], 0), b: tools(['y'], 0) });
    clock.advance(1_500);
    expect(await view({ a: new Error('gone'), b: tools(['y'], 0) })).toEqual({
      names: ['a_x', 'b_y'],
      missing: [{ upstream: 'a', reason: 'gone', staleMs: 1_500 }],
    });
    expect(all.find('tools/list', 'a_x')).toEqual({ upstream: 'a', target: 'x' });
    expect(await view({ a: tools(['new'], 0), b: tools(['y'], 0) })).toEqual({ names: ['a_new', 'b_y'], missing: [] });
  });

  it('says who is missing without a list to stand in', async () => {
    expect(await view({ a: new Error('no command'), b: tools(['y']) })).toEqual({
      names: ['b_y'],
      missing: [{ upstream: 'a', reason: 'no command' }],
    });
    expect(all.unread('tools/list')).toEqual(['a']);
  });

  it('asks a failed upstream again, watched or not', async () => {
    watched.add('a tools/list').add('b tools/list');
    await view({ a: new Error('gone'), b: tools(['y']) });
    void all.page('tools/list', undefined);
    expect(reads.map(({ upstream }) => upstream)).toEqual(['a']);
  });

  it('fails when no upstream answers, and names each with its reason', async () => {
    await expect(view({ a: new Error('gone'), b: new Error('slow') })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'No upstream answers. a: gone; b: slow',
      data: {
        missing: [
          { upstream: 'a', reason: 'gone' },
          { upstream: 'b', reason: 'slow' },
        ],
      },
    });
  });

  it('takes anything thrown for a reason', async () => {
    const viewed = all.page('tools/list', undefined);
    reads[0]?.reject('just a text');
    reads[1]?.resolve(tools([]));
    expect((await viewed).hints.missing).toEqual([{ upstream: 'a', reason: 'just a text' }]);
  });

  it('tells of a change of the merged list, and of nothing else', async () => {
    await view({ a: tools(['x'], 0), b: tools(['y'], 0) });
    changes.length = 0;
    await view({ a: tools(['x'], 0), b: tools(['y'], 0) });
    expect(changes).toEqual([]);
    await view({ a: tools(['x'], 0), b: tools([], 0) });
    expect(changes).toEqual(['tools/list']);
  });

  it('reads again what changed while it was being read', async () => {
    const refreshed = catalog.changed('a', 'tools/list');
    const told = [catalog.changed('a', 'tools/list'), catalog.changed('a', 'tools/list')];
    expect(reads).toHaveLength(1);
    await answerReads({ a: tools(['old']) });
    clock.advance(250);
    await settled();
    expect(reads).toHaveLength(1);
    await answerReads({ a: tools(['new']) });
    await Promise.all([refreshed, ...told]);
    expect(reads).toHaveLength(0);
    expect(all.find('tools/list', 'a_new')).toBeDefined();
  });

  it('pauses between reads of a list that is said to have changed whenever it is read', async () => {
    const times: number[] = [];
    for (let now = 0; now < 30_000; now += 50) {
      void catalog.changed('a', 'tools/list');
      await settled();
      if (reads.length > 0) times.push(clock.now());
      await answerReads({ a: tools(['same']) });
      clock.advance(50);
    }
    const pauses = times.slice(1).map((at, index) => at - times[index]!);
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000]);
  });

  it('pauses no longer than it must for a list that does change, and not at all for others', async () => {
    for (let round = 0; round < 4; round++) {
      const changed = catalog.changed('a', 'tools/list');
      clock.advance(250);
      await settled();
      expect(reads).toHaveLength(1);
      await answerReads({ a: tools([`t${round}`]) });
      await changed;
    }
    void catalog.changed('a', 'prompts/list');
    void catalog.changed('b', 'tools/list');
    expect(reads).toHaveLength(2);
  });

  it('reads nothing more once it is closed', async () => {
    void catalog.changed('a', 'tools/list');
    await answerReads({});
    void catalog.changed('a', 'tools/list');
    await settled();
    catalog.close();
    expect(clock.waiting).toBe(0);
    clock.advance(10_000);
    await settled();
    void catalog.changed('a', 'tools/list');
    await settled();
    expect(reads).toHaveLength(0);
  });

  it('reads all lists of an upstream', async () => {
    const all = catalog.refreshAll('a');
    expect(reads.map(({ method }) => method)).toEqual([
      'tools/list',
      'prompts/list',
      'resources/list',
      'resources/templates/list',
    ]);
    await answerReads({});
    await all;
    expect(catalog.count('resources/list', 'a')).toBe(0);
  });

  it('finds who owns a URI by the templates it has read', async () => {
    void catalog.refresh('b', 'resources/templates/list');
    await answerReads({
      b: {
        ...tools([]),
        entries: [{ key: 'x://{id}', json: new TextEncoder().encode('{}'), at: { start: 0, end: 0 } }],
      },
    });
    expect(all.findUri('x://7')).toEqual({ upstream: 'b', target: 'x://7' });
    expect(all.findUri('y://7')).toBeUndefined();
  });

  it('does nothing for a list that is fresh, and looks again once somebody stops telling', async () => {
    watched.add('a tools/list').add('b tools/list');
    await view({ a: tools(['x'], 500), b: tools(['y'], 900) });
    const first = await all.page('tools/list', undefined);
    expect(first.hints).toEqual({ ttlMs: 500, isPublic: false, missing: [] });
    clock.advance(60_000);
    expect((await all.page('tools/list', undefined)).page).toBe(first.page);
    watched.clear();
    catalog.watchChanged();
    void all.page('tools/list', undefined);
    expect(reads).toHaveLength(2);
  });

  it('says how long a list is true still, in whole seconds', async () => {
    watched.add('b tools/list');
    await view({ a: tools(['x'], 5_500), b: tools(['y'], 60_000) });
    const ttlMs = async (): Promise<number> => (await all.page('tools/list', undefined)).hints.ttlMs;
    expect(await ttlMs()).toBe(5_000);
    clock.advance(1_000);
    expect(await ttlMs()).toBe(4_000);
    clock.advance(4_100);
    expect(await ttlMs()).toBe(400);
  });

  it('refuses a cursor before it reads anything', async () => {
    await expect(all.page('tools/list', 'x')).rejects.toMatchObject({ code: 'invalid_params' });
    expect(reads).toHaveLength(0);
  });
});

describe('a view of the catalog', () => {
  const only = (include: string[]): ViewSelectors => {
    const selector = createSelector({ include });
    return {
      'tools/list': selector,
      'prompts/list': selector,
      'resources/list': selector,
      'resources/templates/list': selector,
    };
  };

  it('has its upstreams only, and asks nobody else', async () => {
    const part = catalog.createView({ upstreams: ['b', 'nobody'], onChange: () => undefined });
    const viewed = part.page('tools/list', undefined);
    expect(reads.map(({ upstream }) => upstream)).toEqual(['b']);
    await answerReads({ b: tools(['y']) });
    expect(listed(await viewed)).toEqual(['b_y']);
    expect(part.unread('tools/list')).toEqual([]);
    expect(part.unread('prompts/list')).toEqual(['b']);
  });

  it('is told of its own changes only', async () => {
    await view({ a: tools(['x'], 0), b: tools(['y'], 0) });
    const told: ListMethod[] = [];
    const part = catalog.createView({ selectors: only(['a_x', 'a_z']), onChange: (method) => told.push(method) });
    expect(told).toEqual(['tools/list']);
    expect(part.find('tools/list', 'a_x')).toEqual({ upstream: 'a', target: 'x' });
    expect(part.find('tools/list', 'b_y')).toBeUndefined();
    told.length = 0;
    await view({ a: tools(['x', 'other'], 0), b: tools(['new'], 0) });
    expect(told).toEqual([]);
    await view({ a: tools(['x', 'z'], 0), b: tools(['new'], 0) });
    expect(told).toEqual(['tools/list']);
    catalog.removeView(part);
    await view({ a: tools([], 0), b: tools(['new'], 0) });
    expect(told).toEqual(['tools/list']);
  });

  it('lacks those of its upstreams that are missing, and fails when all of them are', async () => {
    const part = catalog.createView({ upstreams: ['a'], onChange: () => undefined });
    const viewed = part.page('tools/list', undefined);
    viewed.catch(() => undefined);
    await answerReads({ a: new Error('gone') });
    await expect(viewed).rejects.toThrow('No upstream answers. a: gone');
  });
});

describe('what the catalog tells', () => {
  it('is each name that is taken or that nothing has, once', async () => {
    const recorder = new Recorder();
    let reading = 0;
    const told = new Catalog({
      upstreams: ['a', 'b'],
      names: createNameTable({ naming: 'never' }),
      clock,
      read: (upstream) => Promise.resolve(tools(['x', `${upstream}${reading++}`], 0)),
      isWatched: () => false,
      overrides: new Map([['b', { tools: { exclude: ['y'] }, prompts: {}, resources: {} }]]),
      telemetry: recorder,
    });
    const whole = told.createView({ onChange: () => undefined });
    for (let n = 0; n < 3; n++) await whole.page('tools/list', undefined);
    expect(recorder.facts.map(({ name, fields }) => ({ name, ...fields }))).toEqual([
      { name: 'catalog.conflict', upstream: 'b', method: 'tools/list', names: ['x'], count: 1 },
      { name: 'catalog.unmatched', upstream: 'b', method: 'tools/list', names: ['y'], count: 1 },
    ]);
  });
});
