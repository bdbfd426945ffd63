import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { systemRandom } from '../core/random.ts';
import { PushQueue } from '../wire/queue.ts';
import { EventStore, KEPT_MS } from './event-store.ts';
import type { StoredStream } from './stored-stream.ts';

const OWNER = {};
const encode = (message: unknown): string => JSON.stringify(message);

const store = (limits?: { stream: number; total: number }, clock = new FakeClock()): EventStore =>
  new EventStore({ clock, random: systemRandom }, limits);

/** Fills a stream with what it returns the queue for. */
function filled(stream: StoredStream): PushQueue<unknown> {
  const queue = new PushQueue<unknown>();
  void stream.fill<unknown>(queue, encode);
  return queue;
}

/** Reads a stream from a place; `text` grows as events come. */
function read(stream: StoredStream, after = 0) {
  const leaving = new AbortController();
  const reader = { text: '', leave: () => leaving.abort(), over: Promise.resolve() };
  const write = (text: string): undefined => void (reader.text += text);
  reader.over = stream.writeTo({ write, after, source: leaving });
  return reader;
}

const idsIn = (text: string): string[] => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => String(id));
const dataIn = (text: string): unknown[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(`${data}`));

describe('a stored stream', () => {
  it('goes on where the reader that left was', async () => {
    const events = store();
    const stream = events.open(OWNER, 'call');
    const queue = filled(stream);
    const first = read(stream);
    queue.push(1);
    queue.push(2);
    await settled();
    first.leave();
    await first.over;
    queue.push(3);
    queue.end();
    await settled();
    const place = events.find(OWNER, idsIn(first.text)[0] ?? '');
    const second = read(place?.stream as StoredStream, place?.after);
    await second.over;
    expect([dataIn(first.text), dataIn(second.text)]).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(new Set(idsIn(first.text + second.text)).size).toBe(3);
  });

  it('is read by the newest reader only', async () => {
    const stream = store().open(OWNER, 'listen');
    const queue = filled(stream);
    const old = read(stream);
    const young = read(stream);
    await old.over;
    queue.push('x');
    await settled();
    expect([old.text, dataIn(young.text)]).toEqual(['', ['x']]);
    expect(stream.isConnected).toBe(true);
    young.leave();
    expect(stream.isConnected).toBe(false);
  });

  it('does not outrun a reader that is slow, and does not wait for one that is gone', async () => {
    const stream = store().open(OWNER, 'call');
    const queue = filled(stream);
    const leaving = new AbortController();
    let drain: () => void = () => undefined;
    const write = (): Promise<void> => new Promise((resolve) => (drain = resolve));
    void stream.writeTo({ write, after: 0, source: leaving });
    for (const value of [1, 2, 3]) queue.push(value);
    await settled();
    expect(queue.size).toBe(2);
    drain();
    await settled();
    expect(queue.size).toBe(1);
    leaving.abort();
    await settled();
    expect(queue.size).toBe(0);
  });

  it('tells of a value that no JSON can hold', async () => {
    const stream = store().open(OWNER, 'call');
    const queue = filled(stream);
    queue.push(1n);
    const reader = read(stream);
    await reader.over;
    expect(dataIn(reader.text)).toMatchObject([{ kind: 'error' }]);
  });

  it('keeps no more than its limit, and says what it does not have', async () => {
    const stream = store({ stream: 200, total: 10_000 }).open(OWNER, 'call');
    const queue = filled(stream);
    for (let value = 0; value < 20; value++) queue.push(value);
    await settled();
    expect(stream.size).toBeLessThanOrEqual(200);
    expect([stream.has(0), stream.has(20), stream.has(21)]).toEqual([false, true, false]);
  });

  it('loses nothing of what a reader that came back late has still to get', async () => {
    const stream = store({ stream: 400, total: 100_000 }).open(OWNER, 'call');
    const queue = filled(stream);
    for (let value = 0; value < 5; value++) queue.push(value);
    await settled();
    const writing: (() => void)[] = [];
    let text = '';
    const write = (event: string): Promise<void> => {
      text += event;
      return new Promise((resolve) => writing.push(resolve));
    };
    const over = stream.writeTo({ write, after: 0, source: new AbortController() });
    for (let value = 5; value < 40; value++) queue.push(value);
    queue.end();
    await settled();
    for (let resolve = writing.shift(); resolve; resolve = writing.shift()) {
      resolve();
      await settled();
    }
    await over;
    expect(dataIn(text)).toEqual(Array.from({ length: 40 }, (_, value) => value));
  });

  it('ends at once for a reader whose place is not kept any more', async () => {
    const stream = store({ stream: 200, total: 10_000 }).open(OWNER, 'call');
    const queue = filled(stream);
    for (let value = 0; value < 20; value++) queue.push(value);
    await settled();
    const late = read(stream);
    await late.over;
    expect([late.text, stream.isConnected]).toEqual(['', false]);
  });
});

describe('the store of events', () => {
  it.each([
    ['another session', (id: string) => store().find({}, id)],
    ['another replica', (id: string) => store().find(OWNER, id)],
  ])('does not find a place of %s', (_, find) => {
    const stream = store().open(OWNER, 'call');
    expect(find(stream.eventId(0))).toMatchObject({ kind: 'call', stream: undefined });
  });

  it.each(['', 'c1', 'c1-0', 'x1.AAAAAAAA-0', 'c1.AAAAAAAA--1', 'c1.AAAAAAAA-1e3', 'c1.AAAAAAAA-0\n'])(
    'takes %j for no id of its own',
    (id) => {
      expect(store().find(OWNER, id)).toBeUndefined();
    },
  );

  it('forgets a stream a while after its end, and all streams of a session that is gone', async () => {
    const clock = new FakeClock();
    const events = store(undefined, clock);
    const [ended, open] = [events.open(OWNER, 'call'), events.open(OWNER, 'call')];
    filled(ended).end();
    await settled();
    const has = (stream: StoredStream) => events.find(OWNER, stream.eventId(0))?.stream !== undefined;
    clock.advance(KEPT_MS - 1);
    expect([has(ended), has(open)]).toEqual([true, true]);
    clock.advance(1);
    expect([has(ended), has(open)]).toEqual([false, true]);
    events.drop(OWNER);
    expect(has(open)).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  it('forgets a stream of changes at its end: nobody comes back to it', async () => {
    const events = store();
    const stream = events.open(OWNER, 'listen');
    filled(stream).end();
    await settled();
    expect(events.find(OWNER, stream.eventId(0))?.stream).toBeUndefined();
  });

  it('keeps what was told to one session however many others listen', async () => {
    const events = store({ stream: 100_000, total: 100_000 });
    const listening = Array.from({ length: 1_000 }, () => read(events.open({}, 'listen')));
    const stream = events.open(OWNER, 'call');
    const queue = filled(stream);
    queue.push('x');
    queue.end();
    await settled();
    expect(events.find(OWNER, stream.eventId(0))?.stream).toBe(stream);
    for (const reader of listening) reader.leave();
  });

  it('keeps no more than its limit over all streams, whoever reads or not', async () => {
    const events = store({ stream: 100_000, total: 100_000 });
    const streams = Array.from({ length: 10 }, () => events.open({}, 'call'));
    const readers = streams.slice(5).map((stream) => read(stream));
    const queues = streams.map(filled);
    for (let round = 0; round < 10; round++) {
      for (const queue of queues) queue.push('x'.repeat(1_000));
      await settled();
    }
    const kept = streams.reduce((sum, { size }) => sum + size, 0);
    expect(kept).toBeLessThanOrEqual(100_000);
    expect(readers.map(({ text }) => dataIn(text).length)).toEqual(Array(5).fill(10));
  });
});
