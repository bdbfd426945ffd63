import { createCall, errorReply, McpError, streamReply, type Handler, type Message } from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, Recorder } from '../../test/support/fakes.ts';
import { createObserve } from './observe.ts';

let clock: FakeClock;
let recorder: Recorder;

beforeEach(() => {
  clock = new FakeClock();
  recorder = new Recorder();
});

const observed = (handler: Handler): Handler => createObserve(recorder, clock)(handler);
const call = createCall('tools/call', { name: 'x', arguments: { password: 'p' } });

describe('observing a call', () => {
  it('tells once how it ended and how long it took', async () => {
    await observed(() => {
      clock.advance(12.3456);
      return Promise.resolve(answer({}));
    })(call);
    expect(recorder.facts).toEqual([
      {
        name: 'call',
        severity: 'debug',
        fields: { method: 'tools/call', target: 'x', era: 'modern', outcome: 'complete', ms: 12.346 },
      },
    ]);
  });

  it.each([
    ['returns nothing', () => undefined],
    ['resolves to nothing', () => Promise.resolve(undefined)],
    [
      'throws',
      () => {
        throw new TypeError('x');
      },
    ],
  ])('tells of a handler that %s', async (_, handler) => {
    // Middleware in JavaScript may forget to return.
    await expect(observed(handler as unknown as Handler)(call)).rejects.toBeInstanceOf(TypeError);
    expect(recorder.facts[0]?.fields).toMatchObject({ outcome: 'error', code: 'internal' });
  });

  it('tells who called, if that is known, and no target where there is none', async () => {
    const principal = { subject: 'ann', scopes: new Set<string>() };
    await observed(() => Promise.resolve(answer({})))(createCall('tools/list', {}, { principal }));
    expect(recorder.facts[0]?.fields).toEqual({
      method: 'tools/list',
      era: 'modern',
      outcome: 'complete',
      ms: 0,
      subject: 'ann',
    });
  });

  it.each<[unknown, string, string]>([
    [new McpError('timeout', 'x'), 'error', 'timeout'],
    [new McpError('cancelled', 'x'), 'cancelled', 'cancelled'],
    [new TypeError('x'), 'error', 'internal'],
  ])('tells of %s and passes it on', async (thrown, outcome, code) => {
    await expect(observed(() => Promise.reject(thrown))(call)).rejects.toBe(thrown);
    expect(recorder.facts).toMatchObject([{ fields: { outcome, code } }]);
  });

  it('tells of an error that the upstream answered', async () => {
    await observed(() => Promise.resolve(errorReply(new McpError('not_found', 'x'))))(call);
    expect(recorder.facts).toMatchObject([{ fields: { outcome: 'error' } }]);
  });

  it('tells of a stream when it is at its end', async () => {
    const queue = new PushQueue<Message>();
    const reply = await observed(() => Promise.resolve(streamReply(queue, () => undefined)))(call);
    expect(recorder.facts).toEqual([]);
    clock.advance(5);
    reply.cancel();
    await settled();
    expect(recorder.facts).toMatchObject([{ fields: { outcome: 'cancelled', ms: 5 } }]);
  });
});
