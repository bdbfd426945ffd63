import { Payload, streamReply, type Call, type JsonObject, type Message } from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { FakeConnection, FakeEndpoint } from '../../test/support/fakes.ts';
import type { Upstream } from '../core/upstream.ts';
import { ResourceWatches } from './resource-watches.ts';

const notice = (method: string, params: JsonObject): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});
const updated = (uri: string): Message => notice('notifications/resources/updated', { uri });

interface Opened {
  readonly call: Call;
  readonly stream: PushQueue<Message>;
}

const clientInfo = { name: 'gateway', version: '1.0.0' };
let clock: FakeClock;
let opened: Opened[];
let upstream: Upstream;
let watches: ResourceWatches;
let told: string[];
/** What the upstream tells of. */
let offered: (uri: string) => boolean;

beforeEach(() => {
  clock = new FakeClock();
  opened = [];
  told = [];
  offered = () => true;
  const connection = new FakeConnection();
  connection.respond = (call) => {
    const stream = new PushQueue<Message>();
    opened.push({ call, stream });
    const { resourceSubscriptions } = call.params.value.notifications as { resourceSubscriptions: string[] };
    const notifications = { resourceSubscriptions: resourceSubscriptions.filter(offered) };
    stream.push(notice('notifications/subscriptions/acknowledged', { notifications }));
    call.signal.addEventListener('abort', () => {
      stream.end();
    });
    return Promise.resolve(streamReply(stream, () => undefined));
  };
  const endpoint = new FakeEndpoint('up', connection);
  upstream = { name: 'up', endpoints: [endpoint], timeoutMs: 1_000 };
  watches = new ResourceWatches({ clock, clientInfo, pick: () => endpoint, timeoutMs: 100 });
});

const watch = (uri: string, who = uri): Promise<(() => void) | undefined> =>
  watches.watch(upstream, uri, (what) => told.push(`${who}: ${what}`));
const asked = ({ call }: Opened): unknown =>
  (call.params.value.notifications as { resourceSubscriptions: unknown }).resourceSubscriptions;
const isOpen = ({ call }: Opened): boolean => !call.signal.aborted;

describe('watching resources of an upstream', () => {
  it('takes one stream for all who watch, and tells each of its own', async () => {
    await Promise.all([watch('x:a'), watch('x:b'), watch('x:b', 'other')]);
    expect(opened.map(asked)).toEqual([['x:a', 'x:b']]);
    opened[0]!.stream.push(updated('x:b'));
    opened[0]!.stream.push(updated('x:unwatched'));
    await settled();
    expect(told).toEqual(['x:b: x:b', 'other: x:b']);
    await watch('x:a', 'late');
    expect(opened).toHaveLength(1);
  });

  it('opens the stream that knows more before it lets go of the one before', async () => {
    await watch('x:a');
    const [first] = opened;
    const second = watch('x:b');
    expect(isOpen(first!)).toBe(true);
    await second;
    expect(opened.map(asked)).toEqual([['x:a'], ['x:a', 'x:b']]);
    expect(opened.map(isOpen)).toEqual([false, true]);
  });

  it('tells of what is inside', async () => {
    await watch('file:///dir');
    for (const uri of ['file:///dir/a', 'file:///dirt']) opened[0]!.stream.push(updated(uri));
    await settled();
    expect(told).toEqual(['file:///dir: file:///dir/a']);
  });

  it('says so when the upstream does not tell of a resource', async () => {
    offered = (uri) => uri !== 'x:b';
    expect(await Promise.all([watch('x:a'), watch('x:b')])).toEqual([expect.any(Function), undefined]);
  });

  it('does not wait longer than it may', async () => {
    const silent = new FakeConnection();
    silent.respond = () => Promise.resolve(streamReply(new PushQueue<Message>(), () => undefined));
    const endpoint = new FakeEndpoint('silent', silent);
    const slow = new ResourceWatches({ clock, clientInfo, pick: () => endpoint, timeoutMs: 100 });
    const waiting = slow.watch({ ...upstream, endpoints: [endpoint] }, 'x:a', () => undefined);
    await settled();
    clock.advance(100);
    expect(await waiting).toBeUndefined();
  });

  it('ends with the last who watches', async () => {
    const [stopA, stopB] = await Promise.all([watch('x:a'), watch('x:b')]);
    stopA?.();
    expect(isOpen(opened[0]!)).toBe(true);
    stopB?.();
    expect(isOpen(opened[0]!)).toBe(false);
    clock.advance(60_000);
    await settled();
    expect(opened).toHaveLength(1);
  });

  it('comes back when the stream breaks, and tells of what may have been missed', async () => {
    await watch('x:a');
    opened[0]!.stream.end();
    await settled();
    expect(told).toEqual([]);
    clock.advance(2_000);
    await settled();
    expect(opened).toHaveLength(2);
    expect(told).toEqual(['x:a: x:a']);
    opened[1]!.stream.push(updated('x:a'));
    await settled();
    expect(told).toHaveLength(2);
  });

  it('is over when the gateway closes', async () => {
    await watch('x:a');
    watches.close();
    expect(isOpen(opened[0]!)).toBe(false);
    clock.advance(60_000);
    await settled();
    expect(opened).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });
});
