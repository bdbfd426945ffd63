import { expect, it } from 'vitest';
import { deferred, FakeClock } from '../../test/support/fake-clock.ts';
import { createCall } from '../core/call.ts';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { ResultCache, type CacheOptions } from './cache.ts';

/** A server that counts how often it is asked, behind a cache. */
function counting(ttlMs: unknown, options: CacheOptions = {}) {
  const clock = new FakeClock();
  const cache = new ResultCache(clock, options);
  let asked = 0;
  const server: Handler = () =>
    Promise.resolve(resultReply(Payload.of({ resultType: 'complete', n: ++asked, ttlMs, cacheScope: 'private' })));
  const handler = cache.middleware(server);
  const ask = async (method: string, params = {}) => (await handler(createCall(method, params))).result();
  return { clock, cache, ask };
}

it('keeps a result for its ttlMs, and tells what remains of it', async () => {
  const { ask, clock } = counting(1_000);
  expect(await ask('tools/list')).toMatchObject({ n: 1, ttlMs: 1_000 });
  clock.advance(400);
  expect(await ask('tools/list')).toMatchObject({ n: 1, ttlMs: 600 });
  clock.advance(600);
  expect(await ask('tools/list')).toMatchObject({ n: 2 });
});

it.each([0, -1, undefined, '1000', Number.NaN])('keeps nothing for a ttlMs of %s', async (ttlMs) => {
  const { ask } = counting(ttlMs);
  await ask('tools/list');
  expect(await ask('tools/list')).toMatchObject({ n: 2 });
});

it('keeps pages and resources apart, and no other methods', async () => {
  const { ask } = counting(1_000);
  expect(await ask('tools/list')).toMatchObject({ n: 1 });
  expect(await ask('tools/list', { cursor: 'a' })).toMatchObject({ n: 2 });
  expect(await ask('resources/read', { uri: 'a:1' })).toMatchObject({ n: 3 });
  expect(await ask('resources/read', { uri: 'a:1' })).toMatchObject({ n: 3 });
  expect(await ask('tools/call', { name: 't' })).toMatchObject({ n: 4 });
  expect(await ask('tools/call', { name: 't' })).toMatchObject({ n: 5 });
});

it('forgets what begins so', async () => {
  const { ask, cache } = counting(1_000);
  await ask('tools/list');
  await ask('prompts/list');
  cache.forget('tools/');
  expect(await ask('prompts/list')).toMatchObject({ n: 2 });
  expect(await ask('tools/list')).toMatchObject({ n: 3 });
});

it('does not keep what was asked for before a change was told', async () => {
  const cache = new ResultCache(new FakeClock());
  const answered = deferred();
  let asked = 0;
  const handler = cache.middleware(async () => {
    const n = ++asked;
    await answered.promise;
    return resultReply(Payload.of({ n, ttlMs: 1_000 }));
  });
  const first = handler(createCall('tools/list'));
  cache.forget('tools/');
  answered.resolve();
  await first;
  expect(await (await handler(createCall('tools/list'))).result()).toMatchObject({ n: 2 });
});

it('makes room with what was kept longest', async () => {
  const { ask } = counting(1_000, { maxEntries: 2 });
  for (const cursor of ['a', 'b', 'c']) await ask('tools/list', { cursor });
  expect(await ask('tools/list', { cursor: 'c' })).toMatchObject({ n: 3 });
  expect(await ask('tools/list', { cursor: 'b' })).toMatchObject({ n: 2 });
  expect(await ask('tools/list', { cursor: 'a' })).toMatchObject({ n: 4 });
});

it.each([
  ['private', { n: 2 }, { n: 3 }],
  ['public', { n: 1 }, { n: 1 }],
])('shows a %s result to the authorization context it was got in', async (cacheScope, other, again) => {
  let token = 'ann';
  let asked = 0;
  const cache = new ResultCache(new FakeClock(), {}, () => Promise.resolve(token));
  const server: Handler = () =>
    Promise.resolve(resultReply(Payload.of({ resultType: 'complete', n: ++asked, ttlMs: 1_000, cacheScope })));
  const handler = cache.middleware(server);
  const ask = async () => (await handler(createCall('tools/list'))).result();
  expect([await ask(), await ask()]).toMatchObject([{ n: 1 }, { n: 1 }]);
  token = 'bob';
  expect(await ask()).toMatchObject(other);
  token = 'ann';
  expect(await ask()).toMatchObject(again);
});

it('gives out what nobody else has changed', async () => {
  const { cache } = counting(1_000);
  const handler = cache.middleware(() =>
    Promise.resolve(resultReply(Payload.of({ resultType: 'complete', tools: [{ name: 'a' }], ttlMs: 1_000 }))),
  );
  const list = async () => (await (await handler(createCall('tools/list'))).result()).tools as { name: string }[];
  for (let round = 0; round < 3; round++) {
    const tools = await list();
    expect(tools).toEqual([{ name: 'a' }]);
    tools.push({ name: 'b' });
  }
});

it('does not keep what was got while the credentials changed', async () => {
  let context = 'ann';
  const cache = new ResultCache(new FakeClock(), {}, () => Promise.resolve(context));
  let asked = 0;
  const handler = cache.middleware(() => {
    asked++;
    if (asked === 1) context = 'bob';
    return Promise.resolve(resultReply(Payload.of({ resultType: 'complete', ttlMs: 1_000, cacheScope: 'private' })));
  });
  for (let round = 0; round < 3; round++) await handler(createCall('tools/list'));
  expect(asked).toBe(2);
});
