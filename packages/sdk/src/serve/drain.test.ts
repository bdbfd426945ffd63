import { describe, expect, it } from 'vitest';
import { deferred, FakeClock, settled } from '../../test/support/fake-clock.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import { Drain } from './drain.ts';

const answer = (): Reply => resultReply(Payload.of({ resultType: 'complete' }));
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
    await new Drain('gateway', clock).close(5_000);
    expect(clock.waiting).toBe(0);
  });

  it('refuses new calls', async () => {
    const drain = new Drain('gateway', new FakeClock());
    const handler = drain.middleware(() => Promise.resolve(answer()));
    expect((await handler(call)).single).toBeDefined();
    await drain.close(5_000);
    await expect(handler(call)).rejects.toMatchObject({
      code: 'overloaded',
      message: expect.stringContaining('closing') as string,
    });
  });

  it.each([
    ['returns nothing', () => undefined],
    ['resolves to nothing', () => Promise.resolve(undefined)],
    [
      'throws',
      () => {
        throw new McpError('forbidden', 'x');
      },
    ],
  ])('fails a call whose handler %s, and does not wait for it', async (_, handler) => {
    const drain = new Drain('gateway', new FakeClock());
    // Middleware in JavaScript may forget to return.
    await expect(drain.middleware(handler as unknown as Handler)(call)).rejects.toBeInstanceOf(Error);
    await drain.close(5_000);
  });

  it('waits for calls, for streams to their end, and for calls that fail', async () => {
    const clock = new FakeClock();
    const drain = new Drain('gateway', clock);
    let answered: (reply: Reply) => void = () => undefined;
    let failed: (error: Error) => void = () => undefined;
    const single = new Promise<Reply>((resolve) => (answered = resolve));
    const failing = new Promise<Reply>((_, reject) => (failed = reject));
    const queue = new PushQueue<Message>();
    const calls = [drain.middleware(() => single)(call), drain.middleware(() => failing)(call)];
    const stream = await drain.middleware(() => Promise.resolve(streamReply(queue, () => undefined)))(call);
    const drained = watch(drain.close(5_000));
    answered(answer());
    await calls[0];
    failed(new McpError('timeout', 'x'));
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
    const drain = new Drain('gateway', clock);
    void drain.middleware(() => new Promise(() => undefined))(call);
    const drained = watch(drain.close(5_000));
    clock.advance(4_999);
    await settled();
    expect(drained.done).toBe(false);
    clock.advance(1);
    await settled();
    expect(drained.done).toBe(true);
  });

  it('is one drain however often it is asked for: every caller waits for the calls', async () => {
    const clock = new FakeClock();
    const drain = new Drain('server', clock);
    let answered: (reply: Reply) => void = () => undefined;
    void drain.middleware(() => new Promise((resolve) => (answered = resolve)))(call);
    const both = [watch(drain.close(5_000)), watch(drain.close(5_000))];
    await settled();
    expect(both.map(({ done }) => done)).toEqual([false, false]);
    answered(answer());
    await settled();
    expect(both.map(({ done }) => done)).toEqual([true, true]);
    expect(clock.waiting).toBe(0);
  });

  it('aborts what still runs after it, and not what was over before', async () => {
    const clock = new FakeClock();
    const drain = new Drain('server', clock);
    const signals: AbortSignal[] = [];
    const handler = drain.middleware(({ method, signal }) => {
      signals.push(signal);
      return method === 'ping' ? Promise.resolve(answer()) : new Promise(() => undefined);
    });
    await handler(createCall('ping'));
    void handler(call);
    const closing = drain.close(5_000);
    clock.advance(5_000);
    await closing;
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    expect(signals[1]?.reason).toMatchObject({ code: 'unavailable', message: 'The server is closing.' });
  });

  it('aborts a call also for who looks at its signal only then', async () => {
    const clock = new FakeClock();
    const drain = new Drain('server', clock);
    const gate = deferred();
    const handler = drain.middleware(async (running) => {
      await gate.promise;
      throw McpError.from(running.signal.reason);
    });
    const late = handler(call);
    const closing = drain.close(5_000);
    clock.advance(5_000);
    await closing;
    gate.resolve();
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('hands on what the caller aborts, before and while the call runs', async () => {
    const drain = new Drain('server', new FakeClock());
    const caller = new AbortController();
    const seen: Promise<unknown>[] = [];
    const handler = drain.middleware(({ signal }) => {
      seen.push(
        new Promise((resolve) => {
          if (signal.aborted) resolve(signal.reason);
          else signal.addEventListener('abort', () => resolve(signal.reason));
        }),
      );
      return new Promise(() => undefined);
    });
    const aborted = createCall('tools/call', {}, { signal: caller.signal });
    void handler(aborted);
    caller.abort('gone');
    void handler(aborted);
    expect(await Promise.all(seen)).toEqual(['gone', 'gone']);
  });
});
