import { McpError } from '@org/mcp-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { FakeConnection, FakeTransport, Recorder } from '../../test/support/fakes.ts';
import type { InFlight, TransportKind } from '../core/upstream.ts';
import { createBackoff } from './backoff.ts';
import { SupervisedEndpoint, type CallWatch } from './endpoint.ts';

/** A watch that counts. */
class CountingWatch implements CallWatch {
  calls = 0;
  enter(): void {
    this.calls++;
  }
  leave(): void {
    this.calls--;
  }
}

let clock: FakeClock;
let transport: FakeTransport;
let telemetry: Recorder;
let watches: CountingWatch[];
let readied: number;
let endpoint: SupervisedEndpoint;

function setUp(kind: TransportKind): void {
  clock = new FakeClock();
  transport = new FakeTransport(kind);
  telemetry = new Recorder();
  watches = [];
  readied = 0;
  endpoint = new SupervisedEndpoint(transport, {
    upstream: 'up',
    connectTimeoutMs: 30_000,
    reconnectWaitMs: 800,
    backoff: createBackoff(clock, { next: () => 0.5, bytes: () => new Uint8Array() }),
    clock,
    telemetry,
    watch: () => {
      watches.push(new CountingWatch());
      return watches.at(-1)!;
    },
    onReady: () => readied++,
  });
}

async function becomeReady(): Promise<FakeConnection> {
  const connection = new FakeConnection();
  endpoint.start();
  transport.last.resolve(connection);
  await settled();
  return connection;
}

async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}

/** A call in flight, and why it was ended. */
function inFlight(): InFlight & { readonly failures: string[]; leave: () => void } {
  const failures: string[] = [];
  const call = { failures, fail: (reason: Error) => void failures.push(reason.message) };
  const permit = endpoint.enter(call);
  return Object.assign(call, {
    leave: () => {
      permit.release();
    },
  });
}

/** A call for the connection, whose failure may come before anyone asks for it. */
function connection(): Promise<unknown> {
  const promise = endpoint.connection();
  promise.catch(() => undefined);
  return promise;
}

const unavailable = (message = 'nobody there'): McpError => new McpError('unavailable', message);

beforeEach(() => {
  setUp('stdio');
});

describe('an endpoint that is first needed', () => {
  it('starts nothing before', () => {
    expect(endpoint.state).toEqual({ status: 'idle' });
    expect(transport.attempts).toHaveLength(0);
  });

  it('is reached once for all calls that wait, however long it takes', async () => {
    const waiting = [endpoint.connection(), endpoint.connection(), endpoint.connection()];
    expect(endpoint.state).toMatchObject({ status: 'connecting', first: true });
    await advance(25_000);
    const connection = new FakeConnection();
    transport.last.resolve(connection);
    await expect(Promise.all(waiting)).resolves.toEqual([connection, connection, connection]);
    expect(transport.attempts).toHaveLength(1);
    expect(endpoint.state).toEqual({ status: 'ready', connection });
    expect(readied).toBe(1);
  });

  it('tells its calls why it cannot be reached, and is tried again', async () => {
    const call = endpoint.connection();
    transport.last.reject(unavailable());
    await expect(call).rejects.toMatchObject({ code: 'unavailable', message: 'nobody there' });
    await expect(endpoint.connection()).rejects.toThrow('nobody there');
    await advance(100);
    expect(transport.attempts).toHaveLength(2);
    const connection = new FakeConnection();
    transport.last.resolve(connection);
    await settled();
    await expect(endpoint.connection()).resolves.toBe(connection);
  });

  it('is given up on after the time for connecting', async () => {
    const call = connection();
    await advance(30_000);
    await expect(call).rejects.toThrow('no answer within 30000 ms');
    expect(transport.last.signal.aborted).toBe(true);
    expect(endpoint.state.status).toBe('down');
  });

  it('stops at once when trying again is no use', async () => {
    const call = endpoint.connection();
    transport.last.reject(new McpError('invalid_options', 'no such command'));
    await expect(call).rejects.toMatchObject({ code: 'unavailable', message: 'no such command' });
    expect(endpoint.state).toEqual({ status: 'stopped', reason: 'no such command' });
    await advance(120_000);
    expect(transport.attempts).toHaveLength(1);
  });

  it('takes a foreign error for a failure, without its words', async () => {
    const call = endpoint.connection();
    transport.last.reject(new TypeError('secret'));
    await expect(call).rejects.toThrow('Internal error.');
    expect(endpoint.state.status).toBe('down');
  });
});

describe('an endpoint whose server is gone', () => {
  it('fails its calls with the reason and is started again', async () => {
    const connection = await becomeReady();
    const [one, two] = [inFlight(), inFlight()];
    expect(endpoint.load).toBe(2);
    connection.lose(new McpError('unavailable', 'killed'));
    await settled();
    expect(endpoint.state).toEqual({ status: 'down', reason: 'fake ended (killed)' });
    expect([one.failures, two.failures]).toEqual([['fake ended (killed)'], ['fake ended (killed)']]);
    expect(connection.closes).toBe(1);
    await expect(endpoint.connection()).rejects.toThrow('fake ended');
    await advance(100);
    expect(endpoint.state).toEqual({ status: 'connecting', first: false, reason: 'fake ended (killed)' });
    const second = new FakeConnection();
    transport.last.resolve(second);
    await settled();
    await expect(endpoint.connection()).resolves.toBe(second);
    expect(readied).toBe(2);
    expect(telemetry.names).toEqual([
      'upstream.connecting',
      'upstream.ready',
      'upstream.down',
      'upstream.connecting',
      'upstream.ready',
    ]);
  });

  it('lets a call wait for it, but not long', async () => {
    (await becomeReady()).lose();
    await settled();
    await advance(100);
    const [patient, late] = [connection(), connection()];
    await advance(799);
    await advance(1);
    await expect(patient).rejects.toThrow('it is being reached again');
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    const lucky = endpoint.connection();
    await advance(300);
    transport.last.resolve(new FakeConnection());
    await expect(lucky).resolves.toBeDefined();
  });

  it('is not reached twice at a time', async () => {
    const connection = await becomeReady();
    connection.lose();
    await settled();
    endpoint.start();
    endpoint.restart();
    endpoint.suspect();
    await advance(100);
    endpoint.start();
    expect(transport.attempts).toHaveLength(2);
  });

  it('is given up after six crashes in a minute, until it is restarted', async () => {
    for (let crash = 1; crash <= 6; crash++) {
      if (crash === 1) endpoint.start();
      transport.last.reject(unavailable('exit 1'));
      await settled();
      expect(endpoint.state.status).toBe(crash < 6 ? 'down' : 'stopped');
      await advance(2_000);
    }
    expect(transport.attempts).toHaveLength(6);
    expect(endpoint.state).toEqual({ status: 'stopped', reason: 'it kept crashing: exit 1' });
    await expect(endpoint.connection()).rejects.toThrow('it kept crashing');
    await advance(600_000);
    expect(transport.attempts).toHaveLength(6);

    endpoint.restart();
    endpoint.restart();
    expect(transport.attempts).toHaveLength(7);
    const call = endpoint.connection();
    transport.last.resolve(new FakeConnection());
    await expect(call).resolves.toBeDefined();
  });

  it('is tried for ever when it is nothing that this process started', async () => {
    setUp('http');
    endpoint.start();
    for (let failure = 0; failure < 30; failure++) {
      transport.last.reject(unavailable());
      await settled();
      await advance(2_400);
    }
    expect(transport.attempts).toHaveLength(31);
  });
});

describe('an endpoint under suspicion because a call failed', () => {
  it('is asked at once, and its other calls go on when it answers', async () => {
    const connection = await becomeReady();
    const call = inFlight();
    endpoint.suspect();
    const next = endpoint.connection();
    expect(connection.pings).toHaveLength(1);
    connection.pings[0]?.resolve();
    await expect(next).resolves.toBe(connection);
    expect(call.failures).toEqual([]);
    expect(transport.attempts).toHaveLength(1);
    expect(readied).toBe(1);
  });

  it('takes calls while it is asked, and is asked once at a time', async () => {
    const connection = await becomeReady();
    endpoint.suspect();
    endpoint.suspect();
    expect(connection.pings).toHaveLength(1);
    expect(endpoint.state).toEqual({ status: 'ready', connection });
    await expect(endpoint.connection()).resolves.toBe(connection);
    connection.pings[0]?.resolve();
    await settled();
    endpoint.suspect();
    expect(connection.pings).toHaveLength(2);
  });

  it('is down when it does not answer in time', async () => {
    await becomeReady();
    endpoint.suspect();
    await advance(1_500);
    expect(endpoint.state).toEqual({ status: 'down', reason: 'no answer within 1500 ms' });
  });

  it.each([401, 429, 503])('has answered when it says HTTP %i', async (httpStatus) => {
    setUp('http');
    const connection = await becomeReady();
    endpoint.suspect();
    connection.pings[0]?.reject(new McpError('unavailable', 'later', { data: { httpStatus } }));
    await settled();
    expect(endpoint.state).toEqual({ status: 'ready', connection });
  });

  it('loses its other calls when it does not answer, and is asked again', async () => {
    const connection = await becomeReady();
    const call = inFlight();
    endpoint.suspect();
    connection.pings[0]?.reject(unavailable('connection refused'));
    await settled();
    expect(call.failures).toEqual(['connection refused']);
    expect(endpoint.state).toEqual({ status: 'down', reason: 'connection refused' });
    await advance(100);
    expect(connection.pings).toHaveLength(2);
    connection.pings[1]?.resolve();
    await settled();
    expect(endpoint.state).toEqual({ status: 'ready', connection });
  });

  it('is reached anew when it is elsewhere and does not answer: it may have been replaced', async () => {
    setUp('http');
    const connection = await becomeReady();
    endpoint.suspect();
    connection.pings[0]?.reject(new McpError('unavailable', 'HTTP 404', { data: { httpStatus: 404 } }));
    await settled();
    expect(connection.closes).toBe(1);
    expect(endpoint.state.status).toBe('down');
    await advance(100);
    expect(transport.attempts).toHaveLength(2);
    transport.last.resolve(new FakeConnection());
    await settled();
    expect(readied).toBe(2);
  });

  it('is not asked in this process, where nobody else can end it', async () => {
    setUp('in-process');
    const connection = await becomeReady();
    endpoint.suspect();
    expect(endpoint.state).toEqual({ status: 'ready', connection });
    expect(connection.pings).toHaveLength(0);
  });

  it('counts one crash when the server ends while it is asked', async () => {
    for (let crash = 1; crash <= 5; crash++) {
      const connection = crash === 1 ? await becomeReady() : new FakeConnection();
      if (crash > 1) transport.last.resolve(connection);
      await settled();
      endpoint.suspect();
      connection.lose();
      connection.pings[0]?.reject(unavailable());
      await settled();
      expect(endpoint.state.status).toBe('down');
      await advance(2_400);
    }
  });

  it('does not come back by an answer of a server that has ended since', async () => {
    const connection = await becomeReady();
    endpoint.suspect();
    connection.lose();
    connection.pings[0]?.resolve();
    await settled();
    expect(endpoint.state.status).toBe('down');
    await advance(100);
    expect(transport.attempts).toHaveLength(2);
  });
});

describe('an endpoint that went silent', () => {
  it('fails its calls at once and comes back with the same connection', async () => {
    const connection = await becomeReady();
    const call = inFlight();
    endpoint.lose('it has not answered for 900 ms');
    expect(call.failures).toEqual(['it has not answered for 900 ms']);
    expect(endpoint.state.status).toBe('down');
    await advance(100);
    expect(endpoint.state).toEqual({ status: 'connecting', first: false, reason: 'it has not answered for 900 ms' });
    connection.pings[0]?.resolve();
    await settled();
    expect(endpoint.state).toEqual({ status: 'ready', connection });
    expect(readied).toBe(1);
  });

  it('fails its calls also while it is asked already', async () => {
    await becomeReady();
    const call = inFlight();
    endpoint.suspect();
    endpoint.lose('silent');
    expect(call.failures).toEqual(['silent']);
    expect(endpoint.state).toEqual({ status: 'down', reason: 'silent' });
  });

  it.each<[TransportKind, number, number]>([
    ['http', 700, 2_100],
    ['http', 9_000, 5_000],
    ['stdio', 700, 0],
  ])('over %s that took %i ms to reach has %i ms for a ping', async (kind, ms, pingMs) => {
    setUp(kind);
    endpoint.start();
    await advance(ms);
    transport.last.resolve(new FakeConnection());
    await settled();
    expect(endpoint.pingMs).toBe(pingMs);
  });
});

describe('the watch over calls', () => {
  it('counts a call that waited for the endpoint, and forgets it', async () => {
    const call = inFlight();
    await becomeReady();
    expect(watches).toMatchObject([{ calls: 1 }]);
    call.leave();
    call.leave();
    expect(watches).toMatchObject([{ calls: 0 }]);
    expect(endpoint.load).toBe(0);
  });

  it('never counts below zero', async () => {
    const before = inFlight();
    await becomeReady();
    const after = inFlight();
    before.leave();
    after.leave();
    expect(watches).toMatchObject([{ calls: 0 }]);
  });

  it('leaves nothing to the watch of a connection before', async () => {
    const connection = await becomeReady();
    const call = inFlight();
    connection.lose();
    await settled();
    await advance(100);
    transport.last.resolve(new FakeConnection());
    await settled();
    expect(watches).toMatchObject([{ calls: 0 }, { calls: 1 }]);
    call.leave();
    expect(watches).toMatchObject([{ calls: 0 }, { calls: 0 }]);
  });
});

describe('restarting an endpoint', () => {
  it.each([
    ['waits for the next try', 0],
    ['is asked', 100],
  ])('lets go of a server that was lost and %s, and starts anew', async (_, ms) => {
    const connection = await becomeReady();
    endpoint.lose('silent');
    await advance(ms);
    endpoint.restart();
    expect(connection.closes).toBe(1);
    expect(transport.attempts).toHaveLength(2);
    await settled();
    expect(endpoint.state).toMatchObject({ status: 'connecting', first: true });
    const next = endpoint.connection();
    connection.pings[0]?.reject(unavailable());
    await settled();
    const second = new FakeConnection();
    transport.last.resolve(second);
    await expect(next).resolves.toBe(second);
    await advance(5_000);
    expect(transport.attempts).toHaveLength(2);
    expect(readied).toBe(2);
  });

  it('leaves one that is ready or was never needed alone', async () => {
    endpoint.restart();
    expect(transport.attempts).toHaveLength(0);
    const connection = await becomeReady();
    endpoint.restart();
    expect(endpoint.state).toEqual({ status: 'ready', connection });
  });

  it('does not let the gateway close before the old server is gone', async () => {
    const connection = await becomeReady();
    let ended = (): void => undefined;
    connection.close = () => new Promise((resolve) => (ended = resolve));
    endpoint.lose('silent');
    endpoint.restart();
    let closed = false;
    const closing = endpoint.close().then(() => (closed = true));
    await settled();
    expect(closed).toBe(false);
    ended();
    await closing;
  });
});

describe('closing an endpoint', () => {
  it('ends the connection and the calls', async () => {
    const connection = await becomeReady();
    const call = inFlight();
    await endpoint.close();
    expect(connection.closes).toBe(1);
    expect(call.failures).toEqual(['the gateway is closed']);
    expect(endpoint.state).toEqual({ status: 'stopped', reason: 'the gateway is closed' });
    await expect(endpoint.connection()).rejects.toThrow('the gateway is closed');
    expect(clock.waiting).toBe(0);
  });

  it('is quiet about one that was never needed', async () => {
    await endpoint.close();
    expect(transport.attempts).toHaveLength(0);
  });

  it('gives up connecting', async () => {
    const call = endpoint.connection();
    const closed = endpoint.close();
    expect(transport.last.signal.aborted).toBe(true);
    await closed;
    await expect(call).rejects.toThrow('the gateway is closed');
    expect(clock.waiting).toBe(0);
  });

  it('closes a connection that came too late', async () => {
    endpoint.start();
    const late = new FakeConnection();
    transport.last.resolve(late);
    await endpoint.close();
    expect(late.closes).toBe(1);
    expect(endpoint.state.status).toBe('stopped');
  });

  it('closes one that is being asked, and one that waits for the next try', async () => {
    const asked = await becomeReady();
    endpoint.suspect();
    await endpoint.close();
    expect(asked.closes).toBe(1);
    setUp('http');
    const waiting = await becomeReady();
    endpoint.lose('silent');
    await endpoint.close();
    await advance(10_000);
    expect(waiting.closes).toBe(1);
    expect(endpoint.state.status).toBe('stopped');
  });

  it('is not undone by a restart', async () => {
    await becomeReady();
    await endpoint.close();
    endpoint.restart();
    endpoint.start();
    expect(transport.attempts).toHaveLength(1);
    expect(endpoint.state.status).toBe('stopped');
  });
});
