import { describe, expect, it } from 'vitest';
import { deferred } from '../../test/support/fake-clock.ts';
import { createCall, type Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { LogLevel } from '../core/protocol.ts';
import { SessionLevel } from './session-level.ts';

const wanting = (logLevel?: LogLevel, signal?: AbortSignal): Call =>
  createCall('tools/call', {}, { ...(logLevel ? { logLevel } : {}), ...(signal ? { signal } : {}) });

function levels(tell: () => Promise<void> = () => Promise.resolve()) {
  const told: LogLevel[] = [];
  const level = new SessionLevel((each) => {
    told.push(each);
    return tell();
  });
  return { told, level };
}

describe('the level of a session that callers share', () => {
  it('is the most verbose that a running call wants', async () => {
    const { told, level } = levels();
    const leave = await level.enter(wanting('debug'));
    (await level.enter(wanting('error')))();
    (await level.enter(wanting()))();
    expect(told).toEqual(['debug']);
    leave();
    (await level.enter(wanting('error')))();
    (await level.enter(wanting('error')))();
    (await level.enter(wanting('info')))();
    expect(told).toEqual(['debug', 'error', 'info']);
  });

  it('is told again to a session that takes the place of this one', async () => {
    const { told, level } = levels();
    (await level.enter(wanting('error')))();
    level.reset();
    (await level.enter(wanting('error')))();
    expect(told).toEqual(['error', 'error']);
  });

  it('is that of legacy callers who named none again, once another caller has changed it', async () => {
    const { told, level } = levels();
    const legacy: Call = { ...wanting(), era: 'legacy' };
    (await level.enter(legacy))();
    expect(told).toEqual([]);
    (await level.enter(wanting('error')))();
    (await level.enter(legacy))();
    expect(told).toEqual(['error', 'info']);
  });

  it('is agreed before a call goes out, also when another call is telling it', async () => {
    const { promise, resolve } = deferred();
    const { level } = levels(() => promise);
    const order: string[] = [];
    const calls = ['one', 'two'].map(async (name) => {
      await level.enter(wanting('debug'));
      order.push(name);
    });
    await Promise.resolve();
    order.push('agreed');
    resolve();
    await Promise.all(calls);
    expect(order).toEqual(['agreed', 'one', 'two']);
  });

  it('counts a call out that does not wait for it, or whose server cannot be told', async () => {
    const { promise, resolve } = deferred();
    const { told, level } = levels(() => promise.then(() => Promise.reject(new McpError('unavailable', 'gone'))));
    const caller = new AbortController();
    const waiting = level.enter(wanting('debug', caller.signal));
    caller.abort(new McpError('cancelled', 'no more'));
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    resolve();
    (await level.enter(wanting('error')))();
    expect(told).toEqual(['debug', 'error']);
  });
});
