import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { FakeChannel, FakeEvents, FakeHttpClient, type FakeAnswer } from '../../test/support/fake-peers.ts';
import { createCall } from '../core/call.ts';
import type { Message, Reply } from '../core/reply.ts';
import { linkOverChannel } from './channel-link.ts';
import { GetStream } from './get-stream.ts';
import { HttpLink } from './http-link.ts';
import { listenLegacy, ResourceSubscriptions } from './legacy-listen.ts';

const EVERYTHING = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const capabilities = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: {} };
const changed = (what: string) => ({ jsonrpc: '2.0', method: `notifications/${what}/list_changed` });

interface Heard {
  readonly seen: unknown[];
  readonly done: Promise<string>;
}

/** Reads a reply in the background: methods, and what the acknowledgement honours. */
function hear(reply: Reply): Heard {
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const message of reply.messages()) seen.push(describeMessage(message));
  };
  void read();
  return { seen, done: reply.done };
}

const describeMessage = (message: Message): unknown =>
  message.kind !== 'notification' ? message.kind : (message.params.value.notifications ?? message.method);

describe('listening to a legacy server on a channel', () => {
  const open = async (notifications: unknown, signal?: AbortSignal): Promise<Heard & { channel: FakeChannel }> => {
    const channel = new FakeChannel();
    const call = createCall('subscriptions/listen', { notifications }, signal ? { signal } : {});
    const link = linkOverChannel(channel, 'child');
    const reply = await listenLegacy(link, { call, capabilities, resources: new ResourceSubscriptions(link) });
    return { channel, ...hear(reply) };
  };

  it.each<[unknown, object]>([
    [EVERYTHING, { toolsListChanged: true, promptsListChanged: true }],
    [{ toolsListChanged: true, promptsListChanged: false }, { toolsListChanged: true }],
    [{ toolsListChanged: 'yes' }, {}],
    [{ unknown: true }, {}],
    [undefined, {}],
    [5, {}],
  ])('asked for %j acknowledges %j', async (asked, honoured) => {
    const { seen } = await open(asked);
    await settled();
    expect(seen).toEqual([honoured]);
  });

  it('gives on what was asked for and nothing else', async () => {
    const { channel, seen } = await open({ toolsListChanged: true });
    for (const what of ['tools', 'prompts', 'tools']) channel.receive(changed(what));
    await settled();
    expect(seen.slice(1)).toEqual(['notifications/tools/list_changed', 'notifications/tools/list_changed']);
  });

  it('ends with its caller, and hears nothing more', async () => {
    const abort = new AbortController();
    const { channel, seen, done } = await open(EVERYTHING, abort.signal);
    abort.abort();
    await done;
    channel.receive(changed('tools'));
    await settled();
    expect(seen).toHaveLength(1);
  });

  it('subscribes once, however many watch a resource, and unsubscribes after the last', async () => {
    const channel = new FakeChannel();
    channel.onSend = ({ id }) => {
      if (id !== undefined) channel.receive({ jsonrpc: '2.0', id, result: {} });
    };
    const resources = new ResourceSubscriptions(linkOverChannel(channel, 'child'));
    const { signal } = new AbortController();
    for (let nth = 0; nth < 100; nth++) await resources.subscribe('x://1', signal);
    for (let nth = 0; nth < 100; nth++) resources.unsubscribe('x://1');
    await resources.subscribe('x://1', signal);
    expect(channel.sent.map(({ method }) => method)).toEqual([
      'resources/subscribe',
      'resources/unsubscribe',
      'resources/subscribe',
    ]);
  });

  it('ends at once when its caller has gone before it began', async () => {
    const { done } = await open(EVERYTHING, AbortSignal.abort());
    expect(await done).toBe('cancelled');
  });

  it('ends with the server', async () => {
    const { channel, done } = await open(EVERYTHING);
    channel.lose();
    expect(await done).toBe('cancelled');
  });
});

describe('listening to a legacy server over HTTP', () => {
  const open = async (answers: (FakeAnswer | Promise<FakeAnswer>)[], notifications: object = EVERYTHING) => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const client = new FakeHttpClient(() => answers.shift() ?? { status: 503 });
    const link = new HttpLink(client, new URL('http://up.example/'), {});
    const call = createCall('subscriptions/listen', { notifications }, { signal: abort.signal });
    const stream = new GetStream({ link, clock });
    const replying = listenLegacy(link, { call, capabilities, resources: new ResourceSubscriptions(link), stream });
    return { clock, abort, client, link, replying };
  };

  it('hears what comes on the GET stream', async () => {
    const events = new FakeEvents();
    const { replying, client } = await open([{ events }]);
    const { seen } = hear(await replying);
    events.event(changed('tools'));
    await settled();
    expect(seen).toEqual([{ toolsListChanged: true, promptsListChanged: true }, 'notifications/tools/list_changed']);
    expect(client.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('hears what comes with the first bytes of the stream', async () => {
    const { replying } = await open([{ events: new FakeEvents().event(changed('tools')).event(changed('prompts')) }]);
    const { seen } = hear(await replying);
    await settled();
    expect(seen.slice(1)).toEqual(['notifications/tools/list_changed', 'notifications/prompts/list_changed']);
  });

  it('acknowledges nothing when the server has no such stream, and does not try again', async () => {
    const { replying, clock, client } = await open([{ status: 405 }]);
    const { seen } = hear(await replying);
    clock.advance(60_000);
    await settled();
    expect(seen).toEqual([{}]);
    expect(client.requests).toHaveLength(1);
  });

  it('opens no stream when nothing that was asked for is offered', async () => {
    const { replying, client } = await open([], { resourcesListChanged: true });
    const { seen } = hear(await replying);
    await settled();
    expect(seen).toEqual([{}]);
    expect(client.requests).toHaveLength(0);
  });

  it('takes a stream whose headers are late for open', async () => {
    const { replying, clock } = await open([new Promise<FakeAnswer>(() => undefined)]);
    await settled();
    clock.advance(2_000);
    const { seen } = hear(await replying);
    await settled();
    expect(seen).toEqual([{ toolsListChanged: true, promptsListChanged: true }]);
  });

  it('opens a stream that broke again, and tells each change once: one may have been missed', async () => {
    const events = new FakeEvents();
    const { replying, clock, client } = await open([{ events: new FakeEvents().done() }, { status: 503 }, { events }]);
    const { seen } = hear(await replying);
    await settled();
    expect(client.requests).toHaveLength(1);
    for (let i = 0; i < 2; i++) {
      clock.advance(1_000);
      await settled();
    }
    expect(client.requests).toHaveLength(3);
    expect(seen.slice(1)).toEqual(['notifications/tools/list_changed', 'notifications/prompts/list_changed']);
    events.event(changed('tools'));
    await settled();
    expect(seen).toHaveLength(4);
  });

  it('does not open it again after the caller has gone', async () => {
    const { replying, clock, client, abort } = await open([{ events: new FakeEvents().done() }]);
    hear(await replying);
    abort.abort();
    await settled();
    clock.advance(5_000);
    await settled();
    expect(client.requests).toHaveLength(1);
    expect(client.requests[0]?.signal.aborted).toBe(true);
  });

  it('ends when the caller goes while the stream is opened, and opens it no more', async () => {
    const { replying, clock, client, abort } = await open([
      new Promise<FakeAnswer>((resolve) => void Promise.resolve().then(() => resolve({ events: new FakeEvents() }))),
    ]);
    abort.abort();
    expect(await hear(await replying).done).toBe('cancelled');
    clock.advance(5_000);
    await settled();
    expect(client.requests).toHaveLength(1);
    expect(client.requests[0]?.signal.aborted).toBe(true);
  });

  it('ends when the reader stops', async () => {
    const { replying, client } = await open([{ events: new FakeEvents() }]);
    const reply = await replying;
    reply.cancel();
    expect(await reply.done).toBe('cancelled');
    expect(client.requests[0]?.signal.aborted).toBe(true);
  });
});
