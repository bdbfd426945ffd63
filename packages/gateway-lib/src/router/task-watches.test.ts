import { createCall, Payload, streamReply, type Call, type JsonObject, type Message } from '@org/mcp-sdk';
import { createSeal, PushQueue } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, FakeConnection, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { placeOf } from './place.ts';
import { TaskIds } from './task-ids.ts';
import { createWatchTasks, type WatchTasks } from './task-watches.ts';

let clock: FakeClock;
let connection: FakeConnection;
let streams: PushQueue<Message>[];
let watch: WatchTasks;
let known: string;
const told: unknown[] = [];

const call = createCall('subscriptions/listen');
const notice = (method: string, params: JsonObject): Message => ({
  ...{ kind: 'notification', method },
  params: Payload.of(params),
});
const acknowledge = (taskIds: string[]): Message =>
  notice('notifications/subscriptions/acknowledged', { notifications: { taskIds } });
const onTask = (taskId: string, message: Message): void => {
  const status = message.kind === 'notification' ? message.params.value.status : message.kind;
  told.push([taskId === known, status]);
};

/** Waits for streams: unsealing takes real time. */
const opened = (count: number): Promise<void> =>
  vi.waitFor(() => {
    expect(streams).toHaveLength(count);
  });

beforeEach(async () => {
  clock = new FakeClock();
  connection = new FakeConnection();
  streams = [];
  told.length = 0;
  connection.respond = ({ method, signal }: Call) => {
    if (method === 'tasks/get') return Promise.resolve(answer({ taskId: 't', status: 'working' }));
    const stream = new PushQueue<Message>();
    signal.addEventListener('abort', () => {
      stream.end();
    });
    streams.push(stream);
    return Promise.resolve(streamReply(stream, () => undefined));
  };
  const endpoint = new FakeEndpoint('here', connection);
  const upstream = upstreamOf('up', endpoint);
  const ids = new TaskIds({ name: 'gw', seal: createSeal(new Uint8Array(32)), upstreams: new Map([['up', upstream]]) });
  known = await ids.seal('t', placeOf(upstream, endpoint), call);
  watch = createWatchTasks({
    ids,
    clock,
    clientInfo: { name: 'gw', version: '1' },
    pick: () => endpoint,
    timeoutMs: 100,
  });
});

describe('watching tasks', () => {
  it('opens a stream that broke again, and tells how the task is by then', async () => {
    const watching = watch(call, [known], onTask);
    await opened(1);
    streams[0]?.push(acknowledge(['t']));
    const { taskIds, stop } = await watching;
    expect(taskIds).toEqual([known]);
    streams[0]?.push(notice('notifications/tasks', { taskId: 't', status: 'input_required' }));
    streams[0]?.push(notice('notifications/tasks', { taskId: 'another', status: 'completed' }));
    streams[0]?.end();
    await settled();
    expect(told).toEqual([[true, 'input_required']]);
    clock.advance(2_000);
    await settled();
    streams[1]?.push(acknowledge(['t']));
    await settled();
    expect(told).toEqual([
      [true, 'input_required'],
      [true, 'working'],
    ]);
    stop();
    await settled();
    expect(clock.waiting).toBe(0);
    clock.advance(10_000);
    await settled();
    expect(streams).toHaveLength(2);
  });

  it('waits no longer than a fan-out, and asks no more of an upstream that tells of nothing', async () => {
    const watching = watch(call, [known], onTask);
    await opened(1);
    clock.advance(100);
    expect(await watching).toMatchObject({ taskIds: [] });
    const refused = watch(call, [known], onTask);
    await opened(2);
    streams[1]?.push(acknowledge([]));
    expect(await refused).toMatchObject({ taskIds: [] });
    await settled();
    expect(clock.waiting).toBe(0);
    connection.respond = () => Promise.resolve(answer({}));
    expect(await watch(call, [known], onTask)).toMatchObject({ taskIds: [] });
  });
});
