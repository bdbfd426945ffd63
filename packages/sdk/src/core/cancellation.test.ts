import { describe, expect, it, vi } from 'vitest';
import { EdgeCall, createCall } from './call.ts';
import { abortedBy, Cancellation, onAbort } from './cancellation.ts';

describe('a cancellation', () => {
  it('tells each listener once, and none that has gone', () => {
    const cancellation = new Cancellation();
    const [one, other, gone] = [vi.fn(), vi.fn(), vi.fn()];
    cancellation.onAbort(one);
    const leave = cancellation.onAbort(gone);
    cancellation.onAbort(other);
    leave();
    cancellation.abort('first');
    cancellation.abort('second');
    expect([one.mock.calls, other.mock.calls, gone.mock.calls]).toEqual([[['first']], [['first']], []]);
  });

  it('tells all of them, though the first one ends it', () => {
    const cancellation = new Cancellation();
    const others = [vi.fn(), vi.fn()];
    cancellation.onAbort(() => {
      cancellation.end();
    });
    for (const other of others) cancellation.onAbort(other);
    cancellation.abort('why');
    expect(others.map(({ mock }) => mock.calls)).toEqual([[['why']], [['why']]]);
  });

  it('tells who comes too late at once', () => {
    const cancellation = new Cancellation();
    cancellation.abort('why');
    const late = vi.fn();
    cancellation.onAbort(late);
    expect(late).toHaveBeenCalledExactlyOnceWith('why');
    expect(cancellation.signal.reason).toBe('why');
  });

  it('has a signal for who looks, before and after', () => {
    const cancellation = new Cancellation();
    const { signal } = cancellation;
    expect(signal.aborted).toBe(false);
    cancellation.abort('why');
    expect([signal.aborted, signal.reason, cancellation.signal === signal]).toEqual([true, 'why', true]);
  });

  it.each([
    ['a signal', () => new AbortController()],
    ['another one', () => new Cancellation()],
  ])('follows %s, while somebody listens, until it ends', (_, make) => {
    const parent = make();
    const [followed, unheard, ended] = [new Cancellation(parent), new Cancellation(parent), new Cancellation(parent)];
    const [heard, deaf] = [vi.fn(), vi.fn()];
    followed.onAbort(heard);
    ended.onAbort(deaf);
    ended.end();
    parent.abort('over');
    expect([heard.mock.calls, deaf.mock.calls]).toEqual([[['over']], []]);
    expect([followed.isAborted, unheard.isAborted, unheard.signal.aborted]).toEqual([true, false, true]);
  });

  it('makes no signal of its parent on the way', () => {
    const makeSignal = vi.fn(() => new AbortController().signal);
    const parent = {
      get signal() {
        return makeSignal();
      },
      onAbort: () => () => undefined,
    };
    const call = new EdgeCall(createCall('ping'), parent);
    new Cancellation(new EdgeCall(call, call)).onAbort(() => undefined);
    expect(makeSignal).not.toHaveBeenCalled();
  });
});

describe('a source that has a signal only', () => {
  it('is listened to, and let go of', () => {
    const controller = new AbortController();
    const [kept, left] = [vi.fn(), vi.fn()];
    onAbort(controller, kept);
    onAbort(controller, left)();
    expect(abortedBy(controller)).toBeUndefined();
    controller.abort(new Error('why'));
    expect([kept.mock.calls.length, left.mock.calls.length]).toEqual([1, 0]);
    expect(abortedBy(controller)).toMatchObject({ code: 'internal' });
  });

  it('is what a changed copy of a call is', () => {
    const controller = new AbortController();
    const call = createCall('ping', {}, { signal: controller.signal });
    const told = vi.fn();
    onAbort({ ...call }, told);
    controller.abort('why');
    expect(told).toHaveBeenCalledExactlyOnceWith('why');
  });
});
