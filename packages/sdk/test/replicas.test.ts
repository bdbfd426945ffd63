import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred, FakeClock, settled } from './support/fake-clock.ts';
import { createMemoryBus, createMemoryStore, type Bus, type Fact, type Store } from '../src/index.ts';
import { MCPServerBuilder } from '../src/server/builder.ts';
import type { MCPServer } from '../src/server/server.ts';

const HOUR_MS = 60 * 60 * 1000;
const JSON_TYPE = { 'content-type': 'application/json' };
const URL_OF_ALL = 'http://localhost/mcp';
const CHANGED = ['tools', 'prompts', 'resources'].map((list) => `notifications/${list}/list_changed`);
const UPDATED = 'notifications/resources/updated';

interface Shared {
  readonly store?: Store;
  readonly bus?: Bus;
  readonly clock: FakeClock;
}

/** What replicas have in common. */
const share = (clock = new FakeClock()): Shared => ({
  store: createMemoryStore(clock),
  bus: createMemoryBus(),
  clock,
});

/** One replica; `running` resolves once its tool `slow` runs. */
function replica(shared: Shared) {
  const [running, aborted] = [deferred(), deferred()];
  const facts: Fact[] = [];
  const telemetry = { record: (fact: Fact) => void facts.push(fact) };
  const secret = new Uint8Array(32).fill(7);
  const server = new MCPServerBuilder({ name: 'replica', version: '1.0.0', secret, telemetry, ...shared })
    .addTool({
      name: 'log',
      handler: (_params, { log }) => {
        log.info('logged');
        return 'done';
      },
    })
    .addTool({
      name: 'ask',
      handler: async (_params, { ask }) => JSON.stringify(await ask(z.object({ name: z.string() }), 'Who?')),
    })
    .addTool({
      name: 'slow',
      handler: async (_params, { signal }) => {
        signal.addEventListener('abort', aborted.resolve);
        running.resolve();
        await aborted.promise;
        return 'aborted';
      },
    })
    .addResource({ uri: 'a:1', handler: () => 'one' })
    .addResource({ uri: 'a:2', handler: () => 'two' })
    .build();
  return { server, facts, running: running.promise, aborted: aborted.promise };
}

type Told = Record<string, unknown>;

/** The messages of an event stream, one at a time. */
function eventsOf(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  let lastId = '';
  const next = async (): Promise<Told | undefined> => {
    for (;;) {
      const event = /^([^]*?)\n\n/.exec(text);
      if (event) {
        text = text.slice(event[0].length);
        lastId = /^id: (.*)$/m.exec(`${event[1]}`)?.[1] ?? lastId;
        const data = /^data: (.+)$/m.exec(`${event[1]}`)?.[1];
        if (data) return JSON.parse(data) as Told;
      } else {
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += new TextDecoder().decode(value);
      }
    }
  };
  return { next, lastId: () => lastId, close: () => reader.cancel() };
}

/** A legacy client that says at each step which replica it comes to. */
async function client(server: MCPServer, capabilities: object = { elicitation: {} }) {
  const send = (to: MCPServer, init: RequestInit, headers: Record<string, string>) =>
    to.fetch(new Request(URL_OF_ALL, { ...init, headers: { ...JSON_TYPE, ...headers } }));
  const post = (to: MCPServer, message: object, headers: Record<string, string>) =>
    send(to, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', ...message }) }, headers);
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'c', version: '1' } };
  const opened = await post(server, { id: 0, method: 'initialize', params }, {});
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  let id = 0;
  return {
    status: opened.status,
    send: (to: MCPServer, message: object) => post(to, message, session),
    ask: (to: MCPServer, method: string, asked: object = {}) => post(to, { id: ++id, method, params: asked }, session),
    get: (to: MCPServer, lastEventId?: string) =>
      send(to, {}, lastEventId === undefined ? session : { ...session, 'last-event-id': lastEventId }),
    end: (to: MCPServer) => send(to, { method: 'DELETE' }, session),
  };
}

type Client = Awaited<ReturnType<typeof client>>;

async function logsOf(caller: Client, server: MCPServer): Promise<unknown[]> {
  const response = await caller.ask(server, 'tools/call', { name: 'log' });
  if (response.headers.get('content-type') === 'application/json') return [];
  const events = eventsOf(response);
  const logs: unknown[] = [];
  for (let told = await events.next(); told; told = await events.next()) if (told.method) logs.push(told.params);
  return logs;
}

describe('replicas that share a store and a bus', () => {
  it('go on with the log level that another one was told', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    expect(await logsOf(caller, other.server)).toEqual([]);
    await caller.ask(one.server, 'logging/setLevel', { level: 'info' });
    expect(await logsOf(caller, other.server)).toMatchObject([{ level: 'info', data: 'logged' }]);
    await caller.ask(other.server, 'logging/setLevel', { level: 'error' });
    expect(await logsOf(caller, one.server)).toEqual([]);
  });

  it('tell a stream of what was subscribed and unsubscribed elsewhere', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    const stream = eventsOf(await caller.get(one.server));
    await Promise.all([
      caller.ask(other.server, 'resources/subscribe', { uri: 'a:1' }),
      caller.ask(one.server, 'resources/subscribe', { uri: 'a:2' }),
    ]);
    await settled();
    one.server.resources.updated('a:1');
    one.server.resources.updated('a:2');
    const told = [await stream.next(), await stream.next()].map((message) => message?.params);
    expect(told).toEqual(expect.arrayContaining([{ uri: 'a:1' }, { uri: 'a:2' }]));
    await caller.ask(other.server, 'resources/unsubscribe', { uri: 'a:1' });
    await settled();
    one.server.resources.updated('a:1');
    one.server.resources.updated('a:2');
    expect((await stream.next())?.params).toEqual({ uri: 'a:2' });
    await stream.close();
  });

  it('bring an answer to the call that asked, wherever it comes in', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    const [first, second] = await Promise.all([
      caller.ask(one.server, 'tools/call', { name: 'ask' }),
      caller.ask(other.server, 'tools/call', { name: 'ask' }),
    ]).then((both) => both.map(eventsOf));
    const questions = [await first?.next(), await second?.next()];
    expect(new Set(questions.map((question) => question?.id)).size).toBe(2);
    const answer = (id: unknown, name: string) => ({ id, result: { action: 'accept', content: { name } } });
    await caller.send(other.server, answer(questions[0]?.id, 'Ada'));
    await caller.send(one.server, answer(questions[1]?.id, 'Bob'));
    expect(JSON.stringify(await first?.next())).toContain('Ada');
    expect(JSON.stringify(await second?.next())).toContain('Bob');
  });

  it('cancel a call wherever it runs', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    const calling = caller.ask(one.server, 'tools/call', { name: 'slow' });
    await one.running;
    await caller.send(other.server, { method: 'notifications/cancelled', params: { requestId: 1 } });
    await one.aborted;
    expect((await calling).status).toBe(202);
  });

  it('have no session that was ended elsewhere', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    expect((await caller.ask(other.server, 'ping')).status).toBe(200);
    expect((await caller.end(one.server)).status).toBe(200);
    expect((await caller.ask(other.server, 'ping')).status).toBe(404);
    expect((await caller.ask(replica(shared).server, 'ping')).status).toBe(404);
  });

  it('let go of a stream once their client listens elsewhere', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    const stream = eventsOf(await caller.get(one.server));
    const moved = eventsOf(await caller.get(other.server));
    expect(await stream.next()).toBeUndefined();
    await moved.close();
  });
});

describe('a replica that takes over', () => {
  it('goes on where the one before was closed, and tells that all may have changed', async () => {
    const { bus: _, ...shared } = share();
    const one = replica(shared);
    const caller = await client(one.server);
    await caller.ask(one.server, 'resources/subscribe', { uri: 'a:1' });
    const stream = eventsOf(await caller.get(one.server));
    one.server.resources.updated('a:1');
    await stream.next();
    await one.server.close();
    const other = replica(shared);
    const again = eventsOf(await caller.get(other.server, stream.lastId()));
    const told = [await again.next(), await again.next(), await again.next(), await again.next()];
    expect(told.map((message) => message?.method).sort()).toEqual([...CHANGED, UPDATED].sort());
    other.server.resources.updated('a:1');
    expect(await again.next()).toMatchObject({ method: UPDATED, params: { uri: 'a:1' } });
    await again.close();
  });

  it('refuses to go on with the reply of a call that ran elsewhere', async () => {
    const shared = share();
    const [one, other] = [replica(shared), replica(shared)];
    const caller = await client(one.server);
    const calling = eventsOf(await caller.ask(one.server, 'tools/call', { name: 'ask' }));
    await calling.next();
    const refused = await caller.get(other.server, calling.lastId());
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: -32600 } }]);
    await calling.close();
  });

  it('notices within a minute what the bus has lost', async () => {
    const shared = share();
    const deaf: Bus = { publish: () => Promise.resolve(), subscribe: () => () => undefined };
    const [one, other] = [replica({ ...shared, bus: deaf }), replica({ ...shared, bus: deaf })];
    const caller = await client(one.server);
    const stream = eventsOf(await caller.get(one.server));
    await caller.ask(other.server, 'resources/subscribe', { uri: 'a:1' });
    shared.clock.advance(60_000);
    await settled();
    one.server.resources.updated('a:1');
    expect(await stream.next()).toMatchObject({ method: UPDATED });
    await caller.end(other.server);
    shared.clock.advance(60_000);
    await settled();
    expect(await stream.next()).toBeUndefined();
    expect((await caller.ask(one.server, 'ping')).status).toBe(404);
  });
});

describe.each([
  ['alone', { clock: new FakeClock() }],
  ['with a store', share()],
])('a session that nobody uses, %s', (_, shared: Shared) => {
  it('ends after 8 hours, and not before', async () => {
    const { server } = replica(shared);
    const caller = await client(server);
    for (let day = 0; day < 2; day++) {
      shared.clock.advance(7.9 * HOUR_MS);
      await settled();
      expect((await caller.ask(server, 'ping')).status).toBe(200);
    }
    shared.clock.advance(8 * HOUR_MS + 60_000);
    await settled();
    expect((await caller.ask(server, 'ping')).status).toBe(404);
  });

  it('is kept while its client listens', async () => {
    const { server } = replica(shared);
    const caller = await client(server);
    const stream = eventsOf(await caller.get(server));
    for (let minute = 0; minute < 10 * 60; minute++) {
      shared.clock.advance(60_000);
      await settled();
    }
    expect((await caller.ask(server, 'ping')).status).toBe(200);
    await stream.close();
  });
});

describe('a store that cannot be reached', () => {
  const dead: Store = {
    ...createMemoryStore(),
    get: () => Promise.reject(new Error('redis://user:password@host is down')),
    set: () => Promise.reject(new Error('redis://user:password@host is down')),
  };

  it('ends no session: what needs it is refused for now, in words that say so', async () => {
    const shared = share();
    const one = replica(shared);
    const caller = await client(one.server);
    const other = replica({ ...shared, store: dead });
    const refused = await caller.ask(other.server, 'ping');
    expect([refused.status, await refused.text()]).toEqual([502, expect.stringContaining('store of sessions')]);
    expect((await client(other.server)).status).toBe(502);
    expect(JSON.stringify(other.facts)).not.toContain('password');
  });

  it('is not waited for longer than 5 s', async () => {
    const shared = share();
    const one = replica(shared);
    const caller = await client(one.server);
    const asked = deferred();
    const silent: Store = {
      ...createMemoryStore(),
      get() {
        asked.resolve();
        return new Promise(() => undefined);
      },
    };
    const asking = caller.ask(replica({ ...shared, store: silent }).server, 'ping');
    await asked.promise;
    await settled();
    shared.clock.advance(5_000);
    expect((await asking).status).toBe(502);
    expect((await caller.ask(one.server, 'ping')).status).toBe(200);
  });
});
