import { afterEach, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import { MCPClientBuilder } from './builder.ts';
import { RunningCalls } from './running-calls.ts';
import { ClientSubscription, type Change } from './subscription.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const acknowledged = (notifications: object): Message => ({
  kind: 'notification',
  method: 'notifications/subscriptions/acknowledged',
  params: Payload.of({ notifications }),
});

/** A server whose streams the test feeds. */
function streams(honoured: object = { toolsListChanged: true, resourceSubscriptions: ['a:1'] }) {
  const opened: PushQueue<Message>[] = [];
  const clock = new FakeClock();
  const running = new RunningCalls(clock);
  const state = { ended: 0, refuse: false, mute: false, given: [] as AbortSignal[] };
  const subscription = new ClientSubscription({
    filter: { tools: true, prompts: true, resources: true, uris: ['a:1'], taskIds: ['t'] },
    within: (signal, work) => running.run({ signal, timeoutMs: 1_000 }, work),
    listen: (_params, signal) => {
      state.given.push(signal);
      if (state.refuse) return Promise.reject(new Error('down'));
      if (state.mute) return new Promise(() => undefined);
      const queue = new PushQueue<Message>();
      queue.push(acknowledged(honoured));
      opened.push(queue);
      return Promise.resolve(streamReply(queue, () => undefined));
    },
    reconnect: { initialDelayMs: 100, maxDelayMs: 300 },
    clock,
    onChange: () => undefined,
    onEnd: () => {
      state.ended++;
    },
  });
  return { subscription, opened, clock, state };
}

async function take(subscription: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const changes: Change[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (changes.length < count) changes.push((await iterator.next()).value as Change);
  return changes;
}

it('comes back after a stream that broke, and tells what may have been missed', async () => {
  const { subscription, opened, clock } = streams();
  await subscription.open();
  expect(subscription.honoured).toEqual({ tools: true, uris: ['a:1'] });
  opened[0]?.end(new Error('cut'));
  await settled();
  clock.advance(100);
  expect(await take(subscription, 2)).toEqual([{ kind: 'tools' }, { kind: 'resource', uri: 'a:1' }]);
});

it('waits longer each time it fails, up to the limit', async () => {
  const { subscription, opened, clock, state } = streams();
  await subscription.open();
  state.refuse = true;
  opened[0]?.end();
  for (const ms of [100, 200, 300]) {
    await settled();
    expect(clock.waiting).toBe(1);
    clock.advance(ms);
  }
  await settled();
  state.refuse = false;
  clock.advance(299);
  await settled();
  expect(opened).toHaveLength(1);
  clock.advance(1);
  await settled();
  expect(opened).toHaveLength(2);
});

it('is tried again when a server that was gone does not answer in time', async () => {
  const { subscription, opened, clock, state } = streams();
  await subscription.open();
  state.mute = true;
  opened[0]?.end();
  await settled();
  clock.advance(100);
  await settled();
  state.mute = false;
  clock.advance(1_000);
  await settled();
  expect(state.given.map(({ aborted }) => aborted)).toEqual([false, true]);
  clock.advance(200);
  expect(await take(subscription, 1)).toEqual([{ kind: 'tools' }]);
  expect(state.given.map(({ aborted }) => aborted)).toEqual([false, true, false]);
});

it('ends when the server means it', async () => {
  const { subscription, opened, state } = streams();
  await subscription.open();
  opened[0]?.push({ kind: 'result', result: Payload.of({}) });
  const { done } = await subscription[Symbol.asyncIterator]().next();
  expect([done, state.ended]).toEqual([true, 1]);
});

it('ends when its reader leaves the loop', async () => {
  const { subscription, opened, state } = streams();
  await subscription.open();
  opened[0]?.push({ kind: 'notification', method: 'notifications/tools/list_changed', params: Payload.of({}) });
  for await (const change of subscription) {
    expect(change).toEqual({ kind: 'tools' });
    break;
  }
  expect(state.ended).toBeGreaterThan(0);
});

it('tells of tasks', async () => {
  const { subscription, opened } = streams({ taskIds: ['t'] });
  await subscription.open();
  expect(subscription.honoured).toEqual({ taskIds: ['t'] });
  opened[0]?.push({ kind: 'notification', method: 'notifications/tasks', params: Payload.of({ taskId: 't' }) });
  expect(await take(subscription, 1)).toEqual([{ kind: 'task', task: { taskId: 't' } }]);
});

it('a server that does not acknowledge has refused', async () => {
  const queue = new PushQueue<Message>();
  queue.push({ kind: 'result', result: Payload.of({}) });
  const subscription = new ClientSubscription({
    filter: {},
    within: (_signal, work) => work(),
    listen: () => Promise.resolve(streamReply(queue, () => undefined)),
    reconnect: { initialDelayMs: 1, maxDelayMs: 1 },
    clock: new FakeClock(),
    onChange: () => undefined,
    onEnd: () => undefined,
  });
  await expect(subscription.open()).rejects.toMatchObject({ code: 'unavailable' });
});

it.each(['modern', 'legacy'] as const)('a change makes a %s client forget what it kept', async (era) => {
  const server = new MCPServerBuilder({ name: 's', version: '1', ttlMs: 60_000 })
    .addTool({ name: 'one', handler: () => '1' })
    .build();
  open.push(server);
  const client = await new MCPClientBuilder({ name: 'c', version: '1' }).era(era).inMemory(server).cache().build();
  open.push(client);
  const subscription = await client.subscribe({ tools: true });
  expect(await client.tools.list().toArray()).toHaveLength(1);
  server.tools.add({ name: 'two', handler: () => '2' });
  expect(await take(subscription, 1)).toEqual([{ kind: 'tools' }]);
  expect(await client.tools.list().toArray()).toHaveLength(2);
});

it('is given up when the server does not answer in time', async () => {
  const clock = new FakeClock();
  const server = new MCPServerBuilder({ name: 's', version: '1.0.0' })
    .use((next) => async (call) => {
      if (call.method !== 'subscriptions/listen') return next(call);
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      throw new McpError('cancelled', 'at last');
    })
    .build();
  const builder = new MCPClientBuilder({ name: 'c', version: '1.0.0', clock }).timeouts({ callMs: 1_000 });
  const client = await builder.inMemory(server).build();
  open.push(server, client);
  const subscribing = client.subscribe({ tools: true });
  await settled();
  clock.advance(1_000);
  await expect(subscribing).rejects.toMatchObject({ code: 'timeout' });
});
