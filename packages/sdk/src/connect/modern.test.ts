import { expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import {
  discovered,
  fail,
  FakeHttpClient,
  initialized,
  ok,
  type FakeAnswer,
  type FakeRequest,
} from '../../test/support/fake-peers.ts';
import { createCall } from '../core/call.ts';
import { connect } from './connect.ts';
import { linkOverHttp } from './http-link.ts';

/** A modern server that becomes another: from then on `refuse` answers what is asked in the modern way. */
async function rolledBack(refuse: (request: FakeRequest) => FakeAnswer) {
  const clock = new FakeClock();
  const state = { isModern: true, ran: 0 };
  const client = new FakeHttpClient((request) => {
    const { message, headers } = request;
    if (state.isModern) return { json: message.method === 'server/discover' ? discovered(message) : ok(message, {}) };
    if (message.method === 'initialize') return { json: initialized(message), headers: { 'mcp-session-id': 's1' } };
    if (message.method === 'notifications/initialized') return { status: 202 };
    if (headers['mcp-session-id'] !== 's1') return refuse(request);
    state.ran++;
    return { json: ok(message, { content: [] }) };
  });
  const connection = await connect(linkOverHttp(client, new URL('http://up.example/mcp')), {
    clientInfo: { name: 'c', version: '1' },
    signal: new AbortController().signal,
    clock,
  });
  const call = async () => (await connection.handler(createCall('tools/call', { name: 't' }))).result();
  const probes = () => client.requests.filter(({ message }) => message.method === 'server/discover').length;
  return { client, connection, call, probes, state, clock };
}

it.each<[string, (request: FakeRequest) => FakeAnswer]>([
  ['-32601', ({ message }) => ({ json: fail(message, -32601) })],
  ['-32022', ({ message }) => ({ status: 400, json: fail(message, -32022, { supported: ['2025-11-25'] }) })],
  ['405', () => ({ status: 405 })],
  ['404', () => ({ status: 404, text: 'Not found' })],
])('a call that was not run, for the server is a legacy one by now, is made in its era: %s', async (_, refuse) => {
  const { call, connection, state, probes } = await rolledBack(refuse);
  await call();
  state.isModern = false;
  expect(await Promise.all([call(), call()])).toMatchObject([{ content: [] }, { content: [] }]);
  expect(await call()).toMatchObject({ content: [] });
  expect(connection).toMatchObject({ era: 'legacy', version: '2025-06-18', server: { serverInfo: { name: 'old' } } });
  await connection.ping(new AbortController().signal);
  expect([state.ran, probes()]).toEqual([4, 2]);
});

it.each<[string, (request: FakeRequest) => FakeAnswer]>([
  ['-32000 for want of a session', ({ message }) => ({ status: 400, json: fail({ ...message, id: null }, -32000) })],
  ['-32600', ({ message }) => ({ status: 400, json: fail(message, -32600) })],
  ['400', () => ({ status: 400 })],
])('a call that may have run fails, and the next is made in the era of the server: %s', async (_, refuse) => {
  const { call, state } = await rolledBack(refuse);
  state.isModern = false;
  await expect(call()).rejects.toThrow();
  expect(state.ran).toBe(0);
  expect(await call()).toMatchObject({ content: [] });
  expect(state.ran).toBe(1);
});

it.each<[string, (request: FakeRequest) => FakeAnswer]>([
  ['an outage', () => ({ status: 503 })],
  ['credentials', () => ({ status: 401 })],
])('is no reason to doubt: %s', async (_, refuse) => {
  const { call, connection, state, probes } = await rolledBack(refuse);
  state.isModern = false;
  await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  expect([connection.era, probes()]).toEqual(['modern', 1]);
});

it('a modern server that does not know a method is not asked time and again', async () => {
  const { call, connection, state, probes, clock } = await rolledBack(({ message }) => ({
    json: message.method === 'server/discover' ? discovered(message) : fail(message, -32601),
  }));
  state.isModern = false;
  for (let i = 0; i < 3; i++) await expect(call()).rejects.toMatchObject({ rpc: { code: -32601 } });
  expect([connection.era, probes()]).toEqual(['modern', 2]);
  clock.advance(10_000);
  await expect(call()).rejects.toMatchObject({ rpc: { code: -32601 } });
  expect(probes()).toBe(3);
});

it('a server that cannot be asked again is asked at the next call', async () => {
  let isDown = true;
  const { call, state } = await rolledBack(({ message }) =>
    message.method === 'server/discover' && isDown ? { status: 503 } : { json: fail(message, -32601) },
  );
  state.isModern = false;
  await expect(call()).rejects.toMatchObject({ rpc: { code: -32601 } });
  isDown = false;
  expect(await call()).toMatchObject({ content: [] });
});
