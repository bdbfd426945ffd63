import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { FakeChannel } from '../../test/support/fake-peers.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type Message } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import { serveChannel, type ChannelServer } from './channel.ts';
import { serveStdio } from './stdio-server.node.ts';

const META = createCall('x').params.value._meta;
const request = (id: unknown, method: string, params: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta: META },
});
const plain = (id: unknown, method: string, params: object = {}) => ({ jsonrpc: '2.0', id, method, params });
const cancel = (requestId: unknown) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
const hello = (protocolVersion: string) =>
  plain(0, 'initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'c', version: '1' } });
const change: Message = {
  kind: 'notification',
  method: 'notifications/tools/list_changed',
  params: Payload.of({ _meta: { 'io.modelcontextprotocol/subscriptionId': 3 } }),
};

/** `slow` ends when it is aborted, `listen` has a stream, anything else answers at once. */
function demo(): { handler: Handler; changes: PushQueue<Message>; listens: () => number } {
  const changes = new PushQueue<Message>();
  let listens = 0;
  const handler: Handler = (call) => {
    if (call.method === 'slow')
      return new Promise((_, reject) =>
        call.signal.addEventListener('abort', () => reject(McpError.from(call.signal.reason))),
      );
    if (call.method === 'broken')
      return Promise.resolve(resultReply(Payload.of<Record<string, unknown>>({ n: 1n }), () => 'complete'));
    if (call.method !== 'subscriptions/listen')
      return Promise.resolve(resultReply(Payload.of({ resultType: 'complete', method: call.method })));
    listens++;
    call.signal.addEventListener('abort', () => changes.end());
    return Promise.resolve(streamReply(changes, () => undefined));
  };
  return { handler, changes, listens: () => listens };
}

function start(): ReturnType<typeof demo> & { channel: FakeChannel; server: ChannelServer } {
  const channel = new FakeChannel();
  const parts = demo();
  return { ...parts, channel, server: serveChannel(parts.handler, channel) };
}

describe('a handler on a channel', () => {
  it('refuses what comes on top of 10,000 messages that it works on, and still lets calls be cancelled', async () => {
    const { channel, server } = start();
    for (let id = 0; id < 9_999; id++) channel.receive(request(id, 'slow'));
    channel.receive({ jsonrpc: '2.0', method: 'slow' });
    channel.receive({ jsonrpc: '2.0', method: 'slow' });
    channel.receive(request('more', 'x'));
    await settled();
    expect(server.running).toBe(10_000);
    expect(channel.sent).toMatchObject([{ id: 'more', error: { data: { code: 'overloaded' } } }]);
    channel.receive(cancel(7));
    await settled();
    channel.receive(request('next', 'x'));
    await settled();
    expect(channel.sent.at(-1)).toMatchObject({ id: 'next', result: { method: 'x' } });
  });

  it.each<[string, object | unknown[] | string, object]>([
    ['a modern request', request(1, 'x'), { id: 1, result: { method: 'x' } }],
    ['a ping before the handshake', plain('p', 'ping'), { id: 'p', result: {} }],
    ['a request of no era', plain(2, 'tools/list'), { id: 2, error: { code: -32602 } }],
    [
      'a modern request of another revision',
      { jsonrpc: '2.0', id: 3, method: 'x', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': 'v' } } },
      { id: 3, error: { code: -32022 } },
    ],
    ['what is no JSON', 'hello', { id: null, error: { code: -32700 } }],
    ['what is no message', '{"id":4}', { id: 4, error: { code: -32600 } }],
    ['a batch', [request(1, 'x')], { id: null, error: { code: -32600 } }],
    ['a wrong initialize', plain(5, 'initialize'), { id: 5, error: { code: -32602 } }],
    ['a result that no JSON can hold', request(6, 'broken'), { id: 6, error: { code: -32603 } }],
  ])('answers %s', async (_, message, answer) => {
    const { channel } = start();
    channel.receive(message as never);
    await settled();
    expect(channel.sent).toMatchObject([answer]);
  });

  it('ignores notifications and responses that concern nothing', async () => {
    const { channel } = start();
    for (const message of [
      cancel(1),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 1, result: 7 },
    ])
      channel.receive(message);
    await settled();
    expect(channel.sent).toEqual([]);
  });

  it('ignores a response that comes too late to a legacy client’s question', async () => {
    const { channel } = start();
    channel.receive(hello('2025-06-18'));
    await settled();
    channel.receive({ jsonrpc: '2.0', id: 1, result: { action: 'cancel' } });
    await settled();
    expect(channel.sent).toHaveLength(1);
  });

  it('refuses an id that is in use, and the first call goes on', async () => {
    const { channel } = start();
    for (const method of ['slow', 'x']) channel.receive(request(1, method));
    await settled();
    expect(channel.sent).toMatchObject([{ id: 1, error: { code: -32600 } }]);
  });

  it('sends nothing more for a call that was cancelled, though its id was used again meanwhile', async () => {
    const { channel, server } = start();
    channel.receive(hello('2025-06-18'));
    await settled();
    for (const message of [plain(1, 'slow'), request(1, 'x'), plain(1, 'x'), cancel(1)]) channel.receive(message);
    await server.close();
    const refused = { id: 1, error: { code: -32600 } };
    expect(channel.sent.slice(1)).toMatchObject([refused, refused]);
  });

  it.each([
    ['modern', request(1, 'slow')],
    ['legacy', plain(1, 'slow')],
  ])('sends nothing more for a %s call that was cancelled', async (_, message) => {
    const { channel } = start();
    channel.receive(hello('2025-06-18'));
    await settled();
    channel.receive(message);
    channel.receive(cancel(1));
    await settled();
    channel.receive(request(1, 'x'));
    await settled();
    expect(channel.sent.slice(1)).toMatchObject([{ id: 1, result: { method: 'x' } }]);
  });

  it('sends nothing more for a subscription that was cancelled', async () => {
    const { channel, changes } = start();
    channel.receive(request(7, 'subscriptions/listen'));
    changes.push(change);
    await settled();
    channel.receive(cancel(7));
    changes.push({ kind: 'result', result: Payload.of({}) });
    await settled();
    expect(channel.sent).toMatchObject([
      {
        method: 'notifications/tools/list_changed',
        params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
      },
    ]);
  });

  it('cancels what runs when the connection is lost, and is closed then', async () => {
    const { channel, server } = start();
    channel.receive(hello('2025-06-18'));
    await settled();
    for (const message of [request(1, 'slow'), plain(2, 'slow')]) channel.receive(message);
    channel.lose();
    await server.closed;
  });

  it('closes when the calls that run have ended; a subscription does not hold it up', async () => {
    const { channel, server } = start();
    channel.receive(request(1, 'subscriptions/listen'));
    await settled();
    await server.close();
    expect(channel.closed).toBe(true);
  });
});

describe('closing a channel', () => {
  it('does not wait for ever: what still runs is cancelled, and what does not listen is left', async () => {
    const clock = new FakeClock();
    const channel = new FakeChannel();
    let wasCancelled = false;
    const deaf: Handler = (call) => {
      call.signal.addEventListener('abort', () => (wasCancelled = true));
      return new Promise(() => undefined);
    };
    const server = serveChannel(deaf, channel, { clock });
    channel.receive(request(1, 'x'));
    await settled();
    const closing = server.close();
    await settled();
    clock.advance(4_999);
    await settled();
    expect([channel.closed, wasCancelled]).toEqual([false, false]);
    clock.advance(1);
    await settled();
    expect([channel.closed, wasCancelled]).toEqual([false, true]);
    clock.advance(100);
    await closing;
    expect([channel.closed, wasCancelled, clock.waiting]).toEqual([true, true, 0]);
  });
});

describe('a legacy client on a channel', () => {
  it('is told of changes once it is initialized, once, without the modern id', async () => {
    const { channel, changes, listens } = start();
    channel.receive(hello('2025-06-18'));
    await settled();
    for (let i = 0; i < 2; i++) channel.receive({ jsonrpc: '2.0', method: 'notifications/initialized' });
    changes.push({ ...change, method: 'notifications/subscriptions/acknowledged' });
    changes.push(change);
    await settled();
    expect(channel.sent.slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: {} } },
    ]);
    expect(listens()).toBe(1);
  });

  it('has one session on its connection, and one that could not begin is none', async () => {
    const { channel, handler } = start();
    const opened = new FakeChannel();
    let isDown = true;
    serveChannel((call) => (isDown ? Promise.reject(new McpError('unavailable', 'down')) : handler(call)), opened);
    for (const down of [true, false]) {
      isDown = down;
      opened.receive(hello('2025-06-18'));
      await settled();
    }
    expect(opened.sent).toMatchObject([{ error: { message: 'down' } }, { result: { protocolVersion: '2025-06-18' } }]);
    channel.receive(hello('2025-06-18'));
    await settled();
    channel.receive(plain(1, 'slow'));
    channel.receive({ ...hello('2025-06-18'), id: 2 });
    await settled();
    channel.receive(cancel(1));
    expect(channel.sent.slice(1)).toMatchObject([{ id: 2, error: { code: -32600 } }]);
  });

  it('may send a batch of at most 100 messages, and none is answered that it has cancelled', async () => {
    const { channel } = start();
    channel.receive(hello('2025-03-26'));
    await settled();
    const pings = (count: number): unknown[] => Array.from({ length: count }, (_, id) => plain(id, 'ping'));
    channel.receive(pings(101));
    channel.receive(pings(100));
    await settled();
    channel.receive([plain(5, 'slow'), plain(6, 'ping'), cancel(5)]);
    await settled();
    const [refused, answered, last] = channel.sent.slice(1);
    expect(refused).toMatchObject({ id: null, error: { code: -32600 } });
    expect(answered).toHaveLength(100);
    expect(last).toMatchObject([{ id: 6 }]);
  });

  it('may send a batch if its revision has them', async () => {
    const { channel } = start();
    channel.receive(hello('2025-03-26'));
    await settled();
    channel.receive([plain(1, 'x'), cancel(9), plain(2, 'ping')]);
    channel.receive([cancel(9)]);
    await settled();
    expect(channel.sent.slice(1)).toEqual([
      expect.arrayContaining([expect.objectContaining({ id: 1 }), expect.objectContaining({ id: 2, result: {} })]),
    ]);
  });
});

describe('standard streams', () => {
  const open = (): { input: PassThrough; output: PassThrough; closed: Promise<void> } => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    return { input, output, closed: serveStdio(demo().handler, { streams: { input, output } }).closed };
  };

  it('carry one message a line', async () => {
    const { input, output } = open();
    input.write(`${JSON.stringify(request(1, 'x'))}\r\n\n`);
    await once(output, 'readable');
    expect(String(output.read())).toMatch(/^\{"jsonrpc":"2.0","id":1,.*\}\n$/);
  });

  it('get what was answered in one turn by one write', async () => {
    const writes: number[] = [];
    const output = new Writable({
      decodeStrings: false,
      write(_chunk, _encoding, done) {
        writes.push(1);
        done();
      },
      writev(chunks, done) {
        writes.push(chunks.length);
        done();
      },
    });
    const input = new PassThrough();
    const server = serveStdio(demo().handler, { streams: { input, output } });
    input.write([1, 2, 3].map((id) => `${JSON.stringify(request(id, 'x'))}\n`).join(''));
    await server.close();
    expect(writes).toEqual([3]);
  });

  it('end with their input, and survive an output that breaks', async () => {
    const ending = open();
    ending.input.end();
    await ending.closed;
    const breaking = open();
    breaking.output.destroy(new Error('EPIPE'));
    await breaking.closed;
  });

  it('are closed once what was answered has been read, though the input ended before', async () => {
    const { input, output, closed } = open();
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    output.write(Buffer.alloc(64 * 1024, ' '));
    input.end(`${JSON.stringify(request(1, 'x'))}\n`);
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(isClosed).toBe(false);
    let text = '';
    output.on('data', (chunk) => (text += String(chunk)));
    await closed;
    expect(text).toContain('"method":"x"');
  });

  it('make who tells too much wait for their reader', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let told = 0;
    const handler: Handler = () => {
      const messages = async function* (): AsyncGenerator<Message> {
        for (; told < 1_000; told++) yield { ...change, params: Payload.of({ text: 'x'.repeat(1_000) }) };
        yield { kind: 'result', result: Payload.of({ resultType: 'complete' }) };
      };
      return Promise.resolve(streamReply(messages(), () => undefined));
    };
    serveStdio(handler, { streams: { input, output } });
    input.write(`${JSON.stringify(request(1, 'x'))}\n`);
    for (let turn = 0; turn < 100; turn++) await settled();
    expect(told).toBeLessThan(100);
    output.resume();
    while (told < 1_000) await once(output, 'data');
    input.end();
  });

  it('let go of their input when nobody reads their output', async () => {
    const { input, output, closed } = open();
    output.destroy(new Error('EPIPE'));
    await closed;
    expect(input.destroyed).toBe(true);
  });

  it('end when a line is longer than any message', async () => {
    const { input, closed } = open();
    for (let i = 0; i < 65; i++) input.write(Buffer.alloc(1024 * 1024, 0x61));
    await closed;
  });

  it('are closed by who serves them', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    await serveStdio(demo().handler, { streams: { input, output } }).close();
    expect(output.writableEnded).toBe(true);
  });
});
