import { createCall, McpError, streamReply, type Message, type Reply } from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';
import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, deferred } from '../../test/support/fakes.ts';
import { Lifecycle } from './lifecycle.ts';

const call = createCall('tools/call');

/** Whether a promise has settled, and when asked again later. */
function watch(promise: Promise<unknown>): { readonly done: boolean } {
  const state = { done: false };
  void promise.then(() => (state.done = true));
  return state;
}

describe('draining', () => {
  it('is over at once when nothing runs', async () => {
    const clock = new FakeClock();
    await new Lifecycle(clock).drain(5_000);
    expect(clock.waiting).toBe(0);
  });

  it('refuses new calls', async () => {
    const lifecycle = new Lifecycle(new FakeClock());
    const handler = lifecycle.stage(() => Promise.resolve(answer({})));
    expect((await handler(call)).single).toBeDefined();
    await lifecycle.drain(5_000);
    await expect(handler(call)).rejects.toMatchObject({
      code: 'overloaded',
      message: expect.stringContaining('closing') as string,
    });
  });

  it('waits for calls, for streams to their end, and for calls that fail', async () => {
    const clock = new FakeClock();
    const lifecycle = new Lifecycle(clock);
    const [single, failing] = [deferred<Reply>(), deferred<Reply>()];
    const queue = new PushQueue<Message>();
    const calls = [lifecycle.stage(() => single.promise)(call), lifecycle.stage(() => failing.promise)(call)];
    const stream = await lifecycle.stage(() => Promise.resolve(streamReply(queue, () => undefined)))(call);
    const drained = watch(lifecycle.drain(5_000));
    single.resolve(answer({}));
    await calls[0];
    failing.reject(new McpError('timeout', 'x'));
    await expect(calls[1]).rejects.toThrow('x');
    expect(drained.done).toBe(false);
    const read = stream.result().catch(() => undefined);
    queue.end();
    await read;
    await settled();
    expect(drained.done).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('does not wait longer than it may', async () => {
    const clock = new FakeClock();
    const lifecycle = new Lifecycle(clock);
    void lifecycle.stage(() => new Promise(() => undefined))(call);
    const drained = watch(lifecycle.drain(5_000));
    clock.advance(4_999);
    await settled();
    expect(drained.done).toBe(false);
    clock.advance(1);
    await settled();
    expect(drained.done).toBe(true);
  });
});
