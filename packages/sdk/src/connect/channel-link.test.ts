import { describe, expect, it, vi } from 'vitest';
import { fail, FakeChannel, ok } from '../../test/support/fake-peers.ts';
import type { Reply } from '../core/reply.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import { META, MODERN_VERSION } from '../core/protocol.ts';
import { linkOverChannel } from './channel-link.ts';

const open = () => {
  const channel = new FakeChannel();
  return { channel, link: linkOverChannel(channel, 'child') };
};
const notification = (method: string, params: Record<string, unknown> = {}) => ({ jsonrpc: '2.0', method, params });

describe('calls over a shared channel', () => {
  it('are answered by id, in any order', async () => {
    const { channel, link } = open();
    const [one, two] = [link.send(createCall('a')), link.send(createCall('b'))];
    const [first, second] = channel.sent;
    channel.receive(ok(second ?? {}, { n: 2 }));
    channel.receive(fail(first ?? {}, -5));
    expect(await (await two).result()).toEqual({ n: 2 });
    await expect((await one).result()).rejects.toMatchObject({ rpc: { code: -5 } });
  });

  it('have ids and tokens of their own: callers may share theirs', async () => {
    const { channel, link } = open();
    const calls = [1, 2].map(() => link.send(createCall('a', {}, { progressToken: 'same' })));
    expect(channel.sent.map(({ id, params }) => [id, (params as { _meta: object })._meta])).toMatchObject([
      [1, { progressToken: 1 }],
      [2, { progressToken: 2 }],
    ]);
    channel.receive(notification('notifications/progress', { progressToken: 2, progress: 1 }));
    channel.receive(ok(channel.sent[1] ?? {}, {}));
    const seen: unknown[] = [];
    for await (const message of (await calls[1])?.messages() ?? [])
      seen.push(message.kind === 'notification' ? message.params.value : message.kind);
    expect(seen).toEqual([{ progressToken: 'same', progress: 1 }, 'result']);
  });

  it('end when the channel is lost, and later ones are refused', async () => {
    const { channel, link } = open();
    const call = link.send(createCall('a'));
    channel.lose('exit 1');
    await expect(call).rejects.toMatchObject({
      code: 'unavailable',
      message: 'child is gone: exit 1.',
      cause: 'exit 1',
    });
    await expect(link.send(createCall('a'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await link.closed).toBe('exit 1');
  });

  it('are cancelled over the channel when their caller gives up, once', async () => {
    const { channel, link } = open();
    const abort = new AbortController();
    const call = link.send(createCall('a', {}, { signal: abort.signal }));
    abort.abort(new McpError('timeout', 'late'));
    await expect(call).rejects.toMatchObject({ code: 'timeout' });
    channel.receive(ok(channel.sent[0] ?? {}, {}));
    expect(channel.sentAs('notifications/cancelled')).toMatchObject([{ params: { requestId: 1 } }]);
    await expect(link.send(createCall('a', {}, { signal: abort.signal }))).rejects.toMatchObject({ code: 'timeout' });
    expect(channel.sent).toHaveLength(2);
  });

  it('are cancelled over the channel when nobody reads the rest', async () => {
    const { channel, link } = open();
    const call = link.send(createCall('a', {}, { progressToken: 1 }));
    channel.receive(notification('notifications/progress', { progressToken: 1, progress: 1 }));
    const reply = await call;
    reply.cancel(new McpError('cancelled', 'x'));
    expect(await reply.done).toBe('cancelled');
    expect(channel.sentAs('notifications/cancelled')).toHaveLength(1);
  });

  it('end when their answer is broken, and only they', async () => {
    const { channel, link } = open();
    const [one, two] = [link.send(createCall('a')), link.send(createCall('b'))];
    channel.receive('{"jsonrpc":"2.0","id":1,"result":[]}');
    await expect(one).rejects.toMatchObject({ code: 'unavailable' });
    channel.receive(ok(channel.sent[1] ?? {}, {}));
    expect((await two).peek()).toBe('complete');
  });

  it('end alone when their error is null', async () => {
    const { channel, link } = open();
    const [one, two] = [link.send(createCall('a')), link.send(createCall('b'))];
    channel.receive('{"jsonrpc":"2.0","id":1,"error":null}');
    await expect((await one).result()).rejects.toMatchObject({ rpc: { data: { code: 'unavailable' } } });
    channel.receive('{"jsonrpc":"2.0","id":2,"error":null,"result":{"n":2}}');
    expect(await (await two).result()).toEqual({ n: 2 });
  });

  it('survive a listener that throws', async () => {
    const { channel, link } = open();
    const call = link.send(createCall('a'));
    link.subscribe(() => {
      throw new Error('listener');
    });
    expect(() => {
      channel.receive(notification('notifications/tools/list_changed'));
    }).not.toThrow();
    channel.receive(ok(channel.sent[0] ?? {}, {}));
    expect((await call).peek()).toBe('complete');
  });

  it('get no progress that they did not ask for', async () => {
    const { channel, link } = open();
    const call = link.send(createCall('a'));
    channel.receive(notification('notifications/progress', { progressToken: 1, progress: 1 }));
    channel.receive(ok(channel.sent[0] ?? {}, {}));
    expect((await call).peek()).toBe('complete');
  });

  it('are not cancelled over the channel when they are initialize', async () => {
    const { channel, link } = open();
    const abort = new AbortController();
    const call = link.send(createCall('initialize', {}, { signal: abort.signal }));
    abort.abort(new McpError('timeout', 'late'));
    await expect(call).rejects.toMatchObject({ code: 'timeout' });
    expect(channel.sentAs('notifications/cancelled')).toEqual([]);
  });

  it('fail with overloaded when nobody reads what piles up, and the server is told', async () => {
    const { channel, link } = open();
    const call = link.send(createCall('a', {}, { logLevel: 'debug' }));
    const data = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 17; i++) channel.receive(notification('notifications/message', { data }));
    await expect((await call).result()).rejects.toMatchObject({ rpc: { data: { code: 'overloaded' } } });
    expect(channel.sentAs('notifications/cancelled')).toHaveLength(1);
  });

  it.each([
    'not JSON',
    '{"level":30,"id":1,"msg":"request done"}',
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}',
    '{}',
    '[]',
    '{"jsonrpc":"2.0","id":99,"result":{}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":99}}',
  ])('survive a stray line: %s', async (line) => {
    const { channel, link } = open();
    const call = link.send(createCall('a'));
    channel.receive(line);
    channel.receive(ok(channel.sent[0] ?? {}, {}));
    expect((await call).peek()).toBe('complete');
  });
});

describe('what a server says unasked', () => {
  it('belongs to the subscription it names', async () => {
    const { channel, link } = open();
    const listens = [link.send(createCall('subscriptions/listen')), link.send(createCall('subscriptions/listen'))];
    channel.receive(notification('notifications/tools/list_changed', { _meta: { [META.subscriptionId]: 2 } }));
    const reply = await listens[1];
    const first = await reply?.messages()[Symbol.asyncIterator]().next();
    expect(first?.value).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  it('ends a subscription of its own when it cancels it', async () => {
    const { channel, link } = open();
    const listen = link.send(createCall('subscriptions/listen'));
    channel.receive(notification('notifications/cancelled', { requestId: 1 }));
    await expect(listen).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is told to listeners when it belongs to no call', () => {
    const { channel, link } = open();
    const heard: string[] = [];
    const stop = link.subscribe(({ method }) => heard.push(method));
    channel.receive(notification('notifications/tools/list_changed'));
    stop();
    channel.receive(notification('notifications/tools/list_changed'));
    expect(heard).toEqual(['notifications/tools/list_changed']);
  });

  async function kinds(reply: Reply): Promise<unknown[]> {
    const seen: unknown[] = [];
    for await (const message of reply.messages())
      seen.push(message.kind === 'notification' ? message.params.value.data : message.kind);
    return seen;
  }

  it.each<[string, ('debug' | undefined)[], boolean]>([
    ['the only call, which asked for logs', ['debug'], true],
    ['the only call, which did not ask', [undefined], false],
    ['one of two calls', ['debug', 'debug'], false],
  ])('is a log message of %s', async (_, levels, given) => {
    const { channel, link } = open();
    const [call] = levels.map((logLevel) => link.send(createCall('a', {}, logLevel ? { logLevel } : {})));
    channel.receive(notification('notifications/message', { level: 'info', data: 'x' }));
    channel.receive(ok(channel.sent[0] ?? {}, {}));
    expect((await call)?.peek()).toBe(given ? 'stream' : 'complete');
  });

  it('is a log message of any call, if all are of one session, and is left out where it is not severe enough', async () => {
    const { channel, link } = open();
    const session = { ended: new AbortController().signal, isResumed: false };
    const calls = (['error', 'error'] as const).map((logLevel) =>
      link.send(createCall('a', {}, { logLevel, session })),
    );
    channel.receive(notification('notifications/message', { level: 'warning', data: 'x' }));
    channel.receive(notification('notifications/message', { level: 'critical', data: 'y' }));
    for (const { id } of channel.sent) channel.receive({ jsonrpc: '2.0', id, result: {} });
    const texts = await Promise.all(calls.map(async (call) => kinds(await call)));
    expect(texts).toEqual([['y', 'result'], ['result']]);
  });

  it('is a log message of the only call that asked for logs: a modern server tells nobody else', async () => {
    const { channel, link } = open();
    link.settle('modern', MODERN_VERSION);
    const stop = new AbortController();
    void link
      .send(createCall('subscriptions/listen', {}, { signal: stop.signal, logLevel: 'debug' }))
      .catch(() => undefined);
    void link.send(createCall('a', {}, { signal: stop.signal })).catch(() => undefined);
    const call = link.send(createCall('b', {}, { logLevel: 'debug' }));
    channel.receive(notification('notifications/message', { level: 'info', data: 'x' }));
    channel.receive(ok(channel.sent[2] ?? {}, {}));
    expect((await call).peek()).toBe('stream');
    stop.abort();
  });

  it('is answered when it asks: alive, and nothing else', async () => {
    const { channel } = open();
    for (const [id, method] of ['ping', 'roots/list'].entries()) channel.receive({ jsonrpc: '2.0', id, method });
    await vi.waitFor(() => {
      expect(channel.sent).toMatchObject([
        { id: 0, result: {} },
        { id: 1, error: { code: -32601 } },
      ]);
    });
  });
});

describe('a modern server that asks', () => {
  it('is not answered: nothing may be', async () => {
    const { channel, link } = open();
    link.settle('modern', MODERN_VERSION);
    channel.receive({ jsonrpc: '2.0', id: 1, method: 'ping' });
    await link.notify('notifications/after', Payload.of({}));
    expect(channel.sent).toMatchObject([{ method: 'notifications/after' }]);
  });
});

describe('a link over a channel', () => {
  it('notifies and closes', async () => {
    const { channel, link } = open();
    await link.notify('notifications/initialized', Payload.of({}));
    link.settle('legacy', '2025-06-18');
    await link.close();
    expect(channel.sentAs('notifications/initialized')).toHaveLength(1);
    expect(channel.closed).toBe(true);
  });
});
