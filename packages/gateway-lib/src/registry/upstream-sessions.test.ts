import { getEventListeners } from 'node:events';
import { createCall, systemRandom, type CallerSession, type JsonObject } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, FakeConnection } from '../../test/support/fakes.ts';
import type { TransportKind } from '../core/upstream.ts';
import type { Isolation } from './isolation.ts';
import type { SessionTerms, Transport } from './transport.ts';
import { withSessions, type UpstreamSessionsOptions } from './upstream-sessions.ts';

/** A legacy server that opens a session for whoever comes. */
class LegacyServer implements Transport {
  readonly label = 'legacy';
  readonly supervised = false;
  readonly kind: TransportKind;
  readonly opened: { readonly connection: FakeConnection; readonly terms: SessionTerms | undefined }[] = [];

  constructor(kind: TransportKind = 'http') {
    this.kind = kind;
  }

  open(_signal: AbortSignal, terms?: SessionTerms): Promise<Connection> {
    const connection = new FakeConnection();
    connection.era = 'legacy';
    const nth = this.opened.push({ connection, terms }) - 1;
    connection.respond = () => Promise.resolve(answer({ resultType: 'complete', nth }));
    return Promise.resolve(connection);
  }

  asked(): (JsonObject | undefined)[] {
    return this.opened.map(({ terms }) => terms?.clientCapabilities);
  }
}

async function open(isolation: Isolation, server = new LegacyServer(), more: Partial<UpstreamSessionsOptions> = {}) {
  const clock = new FakeClock();
  const options = { isolation, clock, random: systemRandom, connectTimeoutMs: 1_000, ...more };
  const connection = await withSessions(server, options).open(new AbortController().signal);
  /** The number of the session in which a call is answered. */
  const call = async (clientCapabilities: JsonObject = {}, session?: CallerSession): Promise<unknown> => {
    const caller = { clientCapabilities, ...(session ? { session } : {}) };
    const reply = await connection.handler(createCall('tools/call', { name: 't' }, caller));
    return (await reply.result()).nth;
  };
  return { server, clock, connection, call };
}

/** A conversation, and what became of it. */
function conversation(isResumed = false) {
  const over = new AbortController();
  const ends: string[] = [];
  const session: CallerSession = { ended: over.signal, isResumed, end: (reason) => void ends.push(reason) };
  return { session, ends, over };
}

const FORM = { elicitation: { form: {} } };

describe('sessions that callers share', () => {
  it('are one for each class of callers, opened when it is needed', async () => {
    const { server, call } = await open('shared');
    expect(server.asked()).toEqual([{ elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} } }]);
    expect([await call(FORM), await call({ elicitation: {} }), await call(), await call(FORM)]).toEqual([1, 1, 2, 1]);
    expect(server.asked().slice(1)).toEqual([FORM, {}]);
    expect(server.opened[1]?.terms?.reopens).toBe(true);
  });

  it('are at most eight: callers of further classes cannot be asked', async () => {
    const { server, call } = await open('shared');
    for (let nth = 0; nth < 12; nth++) await call({ extensions: { [`x${nth}`]: {} } });
    expect(server.opened.length).toBeLessThanOrEqual(1 + 8 + 1);
    expect(server.asked().at(-1)).toEqual({});
  });

  it('give way to another class when they have rested: nobody can take them all for good', async () => {
    const { clock, server, call } = await open('shared');
    for (let nth = 0; nth < 8; nth++) {
      clock.advance(1);
      await call({ extensions: { [`x${nth}`]: {} } });
    }
    expect(await call(FORM), 'none has rested').toBe(9);
    expect(server.asked().at(-1)).toEqual({});
    clock.advance(60_000);
    expect(await call(FORM)).toBe(10);
    expect(server.asked().at(-1)).toEqual(FORM);
    await settled();
    expect(server.opened.map(({ connection }) => connection.closes)).toEqual([0, 1, ...new Array<number>(9).fill(0)]);
  });

  it('are ended after half an hour of no use', async () => {
    const { clock, server, call } = await open('shared');
    await call(FORM);
    clock.advance(60 * 60 * 1000);
    await settled();
    expect(server.opened.map(({ connection }) => connection.closes)).toEqual([0, 1]);
    expect([await call(FORM), clock.waiting]).toEqual([2, 1]);
  });

  it('are one where the server has one only', async () => {
    const { server, call } = await open('shared', new LegacyServer('stdio'), { sharedCapabilities: FORM });
    expect([await call(FORM), await call()]).toEqual([0, 0]);
    expect(server.asked()).toEqual([FORM]);
  });

  it('are told of the roots of the options', async () => {
    const roots = [{ uri: 'file:///work' }];
    const { server, call } = await open('shared', undefined, { roots });
    await call();
    expect(server.asked().at(-1)).toEqual({ roots: {} });
    const asked = { method: 'roots/list', params: {}, signal: new AbortController().signal, call: undefined };
    expect(await server.opened[0]?.terms?.answer?.(asked)).toEqual({ roots });
  });

  it('read lists in the first', async () => {
    const { connection, server } = await open('shared');
    await connection.handler(createCall('tools/list', {}, { clientCapabilities: FORM }));
    expect(server.opened).toHaveLength(1);
  });
});

describe('sessions of one conversation', () => {
  it('are its own, are not opened again by themselves, and end with it', async () => {
    const { server, call } = await open('session');
    const [one, other] = [conversation(), conversation()];
    expect([await call(FORM, one.session), await call(FORM, other.session), await call(FORM, one.session)]).toEqual([
      1, 2, 1,
    ]);
    expect(server.opened[1]?.terms?.reopens).toBe(false);
    one.over.abort();
    await settled();
    expect(server.opened.map(({ connection }) => connection.closes)).toEqual([0, 1, 0]);
  });

  it('end the conversation when they are lost', async () => {
    const { server, call } = await open('session');
    const { session, ends } = conversation();
    await call({}, session);
    server.opened[1]?.connection.lose('crashed');
    await settled();
    expect(ends).toHaveLength(1);
  });

  it('of a conversation that began on another replica are gone', async () => {
    const { call } = await open('session');
    const { session, ends } = conversation(true);
    await expect(call({}, session)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(ends).toHaveLength(1);
  });

  it('last one call for the anonymous, who have none', async () => {
    const { server, call } = await open('session');
    expect([await call(), await call()]).toEqual([1, 2]);
    await settled();
    expect(server.opened.map(({ connection }) => connection.closes)).toEqual([0, 1, 1]);
  });

  it('are ended after half an hour of no use', async () => {
    const { server, clock, call } = await open('session');
    const [idle, used] = [conversation(), conversation()];
    await call({}, idle.session);
    clock.advance(20 * 60 * 1000);
    await call({}, used.session);
    clock.advance(15 * 60 * 1000);
    await settled();
    expect([idle.ends.length, used.ends.length]).toEqual([1, 0]);
    expect(server.opened.map(({ connection }) => connection.closes)).toEqual([0, 1, 0]);
  });

  it('make room: of a hundred processes the one used longest ago ends', async () => {
    const { clock, call } = await open('session', new LegacyServer('stdio'));
    const all = Array.from({ length: 101 }, () => conversation());
    for (const { session } of all) {
      clock.advance(1);
      await call({}, session);
    }
    expect(all.map(({ ends }) => ends.length).slice(0, 3)).toEqual([1, 0, 0]);
  });

  it('are at most eight for one caller, whatever it says that it can be asked', async () => {
    const { server, call } = await open('session', new LegacyServer('stdio'));
    const [many, other] = [conversation(), conversation()];
    await call(FORM, other.session);
    for (let nth = 0; nth < 120; nth++) await call({ extensions: { [`x${nth}`]: {} } }, many.session);
    expect(server.opened.length).toBeLessThanOrEqual(2 + 8 + 1);
    expect([...many.ends, ...other.ends]).toEqual([]);
  });

  it('are not opened for one that has ended', async () => {
    const { server, call } = await open('session');
    const { session, over } = conversation();
    over.abort();
    await expect(call({}, session)).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.opened).toHaveLength(1);
  });

  it('leave nothing with the conversation when they cannot be opened', async () => {
    const { server, call } = await open('session');
    const { session } = conversation();
    server.open = () => Promise.reject(new Error('full'));
    for (let nth = 0; nth < 20; nth++) await expect(call({}, session)).rejects.toThrow('full');
    await settled();
    expect(getEventListeners(session.ended, 'abort')).toEqual([]);
  });

  it('close with the connection', async () => {
    const { server, connection, clock, call } = await open('session');
    await call({}, conversation().session);
    await connection.close();
    expect(server.opened.map(({ connection: one }) => one.closes)).toEqual([1, 1]);
    expect(clock.waiting).toBe(0);
  });
});

it('a session that cannot be opened in time fails its call, and the next call tries again', async () => {
  const server = new LegacyServer();
  const { clock, call } = await open('shared', server);
  const openAgain = server.open.bind(server);
  server.open = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  const failing = call(FORM);
  failing.catch(() => undefined);
  await settled();
  clock.advance(1_000);
  await expect(failing).rejects.toThrow('not open within 1000 ms');
  server.open = openAgain;
  expect(await call(FORM)).toBe(1);
});

it('a modern server is called directly', async () => {
  const server = new LegacyServer();
  const { connection, call } = await open('session', server);
  server.opened[0]!.connection.era = 'modern';
  expect(connection.era).toBe('modern');
  expect([await call(), server.opened.length]).toEqual([0, 1]);
});
