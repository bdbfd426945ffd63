import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { Principal } from '../core/call.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { resolveEdge } from './edge.ts';
import { SessionStore, type HttpSession } from './session-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const client = {
  version: '2025-06-18',
  clientInfo: { name: 'n'.repeat(500), version: '1' },
  capabilities: { roots: {} },
};
const principal = (subject: string, issuer?: string): Principal => ({
  subject,
  scopes: new Set(),
  ...(issuer ? { issuer } : {}),
});

const reading = () => ({
  aborted: false,
  abort() {
    this.aborted = true;
  },
});

function replica(clock = new FakeClock(), fill = 1, audience = 'shop'): SessionStore {
  const edge = resolveEdge({ secret: new Uint8Array(32).fill(fill), clock, audience });
  return new SessionStore({ handler: () => Promise.resolve(resultReply(Payload.of({}))), edge });
}

describe('a legacy session', () => {
  it('is found by its token', async () => {
    const store = replica();
    const created = await store.create(client, null);
    expect(await store.find(created.token, null)).toBe(created);
  });

  it('has a token that fits in a header however long the client calls itself', async () => {
    const { token } = await replica().create(client, principal('s'.repeat(100)));
    expect(token.length).toBeLessThanOrEqual(1024);
  });

  it('is resumed by another replica with the same secret', async () => {
    const { token } = await replica().create(client, principal('ann'));
    const resumed = await replica().find(token, principal('ann'));
    expect(resumed.session.client).toMatchObject({
      version: '2025-06-18',
      clientInfo: { name: 'n'.repeat(64), version: '1' },
    });
    expect(resumed.owner).toEqual({ subject: 'ann' });
    expect(resumed.session.client.capabilities).toEqual({ roots: {} });
  });

  it.each([
    ['another secret', (token: string) => replica(new FakeClock(), 2).find(token, null)],
    ['another audience', (token: string) => replica(new FakeClock(), 1, 'bank').find(token, null)],
    ['a token that was never made', () => replica().find('x'.repeat(200), null)],
    ['an empty token', () => replica().find('', null)],
  ])('is not found by %s', async (_, find) => {
    const { token } = await replica().create(client, null);
    await expect(find(token)).rejects.toMatchObject({ code: 'session_not_found', status: 404 });
  });

  it.each([
    ['another principal', principal('bob')],
    ['an anonymous caller', null],
    ['the same subject of another issuer', principal('ann', 'https://other.example')],
  ])('is not found by %s, here or on another replica', async (_, other) => {
    const store = replica();
    const { token } = await store.create(client, principal('ann', 'https://issuer.example'));
    await expect(store.find(token, other)).rejects.toMatchObject({ status: 404 });
    await expect(replica().find(token, other)).rejects.toMatchObject({ status: 404 });
    await expect(store.find(token, principal('ann', 'https://issuer.example'))).resolves.toBeDefined();
  });

  it('of an anonymous caller is not found by one who says who it is', async () => {
    const store = replica();
    const { token } = await store.create(client, null);
    await expect(store.find(token, principal('ann'))).rejects.toMatchObject({ status: 404 });
  });

  it('is not found once it was ended', async () => {
    const store = replica();
    const session = await store.create(client, null);
    const stream = (session.stream = reading());
    await store.end(session);
    expect(stream.aborted).toBe(true);
    await expect(store.find(session.token, null)).rejects.toMatchObject({ status: 404 });
    await store.create(client, null);
    await expect(store.find(session.token, null)).rejects.toMatchObject({ status: 404 });
  });

  it('ends after a day, used or not, here and on other replicas', async () => {
    const clock = new FakeClock();
    const [store, other] = [replica(clock), replica(clock)];
    const { token } = await store.create(client, null);
    for (let quarter = 0; quarter < 4; quarter++) {
      clock.advance(DAY_MS / 4 - 1);
      await store.find(token, null);
      await other.find(token, null);
    }
    clock.advance(4);
    await expect(store.find(token, null)).rejects.toMatchObject({ status: 404 });
    await expect(other.find(token, null)).rejects.toMatchObject({ status: 404 });
    await expect(replica(clock).find(token, null)).rejects.toMatchObject({ status: 404 });
  });

  it('that was ended stays ended after its tombstone is gone, for it has expired then', async () => {
    const clock = new FakeClock();
    const store = replica(clock);
    const session = await store.create(client, null);
    await store.end(session);
    clock.advance(DAY_MS + 1);
    await expect(store.find(session.token, null)).rejects.toMatchObject({ status: 404 });
    await expect(store.find(session.token, null)).rejects.toMatchObject({ status: 404 });
  });

  it('loses its streams when the server closes, and can be resumed', async () => {
    const store = replica();
    const session = await store.create(client, null);
    const stream = (session.stream = reading());
    store.close();
    expect(stream.aborted).toBe(true);
    expect(await store.find(session.token, null)).not.toBe(session);
  });
});

describe('many sessions', () => {
  it('push out those used longest ago, which come back from their tokens', async () => {
    const store = replica();
    const first = await store.create(client, null);
    const second = await store.create(client, null);
    await store.find(first.token, null);
    for (let i = 0; i < 9_999; i++) await store.create(client, null);
    expect(await store.find(first.token, null)).toBe(first);
    const back = await store.find(second.token, null);
    expect(back).not.toBe(second);
    expect(back.token).toBe(second.token);
  }, 10_000);

  it('do not push out one that has a connection, and are refused when all have', async () => {
    const store = replica();
    const connected = await store.create(client, null);
    connected.connections = 1;
    const idle = await store.create(client, null);
    const others: HttpSession[] = [];
    for (let i = 0; i < 9_999; i++) others.push(await store.create(client, null));
    expect(await store.find(connected.token, null)).toBe(connected);
    for (const other of others) other.connections = 1;
    await expect(store.create(client, null)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
    await expect(store.find(idle.token, null)).rejects.toMatchObject({ code: 'overloaded' });
    const left = others[5] as HttpSession;
    const stream = (left.stream = reading());
    left.connections = 0;
    expect(await store.create(client, null)).toBeDefined();
    expect(stream.aborted).toBe(true);
  }, 10_000);

  it('push out idle ones before those with a call that runs, and these, the oldest first, before new ones are refused', async () => {
    const store = replica();
    const sessions: HttpSession[] = [];
    for (let i = 0; i < 10_000; i++) sessions.push(await store.create(client, null));
    for (const { session } of sessions) Object.defineProperty(session, 'busy', { value: true, writable: true });
    const idle = sessions[7] as HttpSession;
    Object.assign(idle.session, { busy: false });
    for (let i = 0; i < 2; i++) await store.create(client, null).then((made) => (made.connections = 1));
    const kept = await Promise.all(
      sessions.slice(0, 9).map(async (each) => (await store.find(each.token, null)) === each),
    );
    expect(kept.map((isKept, i) => (isKept ? -1 : i)).filter((i) => i >= 0)).toEqual([0, 7]);
  }, 10_000);
});
