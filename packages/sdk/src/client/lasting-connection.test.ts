import { expect, it } from 'vitest';
import { deferred, FakeClock, settled } from '../../test/support/fake-clock.ts';
import type { Connection } from '../connect/connection.ts';
import { createCall } from '../core/call.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { LastingConnection } from './lasting-connection.ts';

/** Connections that answer with their number, and are lost when the test says so. */
function connections() {
  const clock = new FakeClock();
  const state = { opened: 0, refuse: false, closed: 0 };
  const lose: (() => void)[] = [];
  const open = (): Promise<Connection> => {
    if (state.refuse) return Promise.reject(new Error('down'));
    const n = ++state.opened;
    const gone = deferred();
    lose.push(gone.resolve);
    return Promise.resolve({
      handler: () => Promise.resolve(resultReply(Payload.of({ n }))),
      era: 'legacy',
      version: '2025-11-25',
      server: { serverInfo: { name: String(n) }, capabilities: {}, instructions: undefined },
      ping: () => Promise.resolve(),
      closed: gone.promise,
      close: () => {
        state.closed++;
        return Promise.resolve();
      },
    });
  };
  return { clock, state, lose, open };
}

async function lasting(reconnect: { initialDelayMs: number; maxDelayMs: number } | false = DELAYS) {
  const { clock, state, lose, open } = connections();
  const connection = new LastingConnection(await open(), { open, reconnect, clock });
  const call = async () => (await (await connection.handler(createCall('x'))).result()).n;
  return { clock, state, lose, connection, call };
}

const DELAYS = { initialDelayMs: 100, maxDelayMs: 150 };

it('comes back with the next calls, once for all of them', async () => {
  const { call, lose, connection, state } = await lasting();
  expect(await call()).toBe(1);
  lose[0]?.();
  await settled();
  expect(state.opened).toBe(1);
  expect(await Promise.all([call(), call()])).toEqual([2, 2]);
  expect(connection.server.serverInfo).toEqual({ name: '2' });
  lose[1]?.();
  await settled();
  await connection.ping(new AbortController().signal);
  expect(state.opened).toBe(3);
});

it('is closed while its server is gone, and no longer than that', async () => {
  const { call, lose, connection } = await lasting();
  const seen: string[] = [];
  const watch = (name: string): void => void connection.closed.then(() => seen.push(name));
  watch('first');
  lose[0]?.();
  await connection.closed;
  expect(seen).toEqual(['first']);
  await call();
  watch('second');
  await settled();
  expect(seen).toEqual(['first']);
  lose[1]?.();
  await connection.closed;
  expect(seen).toEqual(['first', 'second']);
});

it('fails at once between attempts, whose pause doubles up to the limit', async () => {
  const { call, lose, state, clock } = await lasting();
  lose[0]?.();
  await settled();
  state.refuse = true;
  await expect(call()).rejects.toThrow();
  for (const ms of [100, 150, 150]) {
    clock.advance(ms - 1);
    state.refuse = false;
    await expect(call()).rejects.toMatchObject({ code: 'internal' });
    state.refuse = true;
    clock.advance(1);
    await expect(call()).rejects.toThrow('down');
  }
  state.refuse = false;
  clock.advance(150);
  expect(await call()).toBe(2);
});

it('stays gone when it is not to come back, or was closed', async () => {
  const gone = await lasting(false);
  gone.lose[0]?.();
  await settled();
  expect(await gone.call()).toBe(1);
  const closed = await lasting();
  await closed.connection.close();
  closed.lose[0]?.();
  await settled();
  await closed.call();
  expect([closed.state.opened, closed.state.closed]).toEqual([1, 1]);
});
