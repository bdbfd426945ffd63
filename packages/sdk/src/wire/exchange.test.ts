import { describe, expect, it, vi } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import { errorReply, resultReply, streamReply, type Message } from '../core/reply.ts';
import { Exchange, finalMessage, mapResult, singleReply } from './exchange.ts';
import { readFrame, type NotificationFrame, type ResponseFrame } from './message.ts';
import { PushQueue } from './queue.ts';

const response = (json: string): ResponseFrame => readFrame(bytes(`{"jsonrpc":"2.0","id":1,${json}}`)) as ResponseFrame;
const notification = (kind: string, params: object): NotificationFrame =>
  readFrame(bytes(JSON.stringify({ jsonrpc: '2.0', method: `notifications/${kind}`, params }))) as NotificationFrame;
const progress = notification('progress', { progressToken: 9, progress: 1 });

async function texts(messages: AsyncIterable<Message>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const message of messages)
    seen.push(message.kind === 'notification' ? message.params.value : message.kind);
  return seen;
}

function start(): { abort: AbortController; onCancel: ReturnType<typeof vi.fn>; exchange: Exchange } {
  const abort = new AbortController();
  const onCancel = vi.fn();
  const call = createCall('tools/call', { name: 'a' }, { signal: abort.signal, progressToken: 'mine' });
  return { abort, onCancel, exchange: new Exchange(call, 9, onCancel) };
}

describe('Exchange', () => {
  it('makes a result alone a single reply', async () => {
    const { exchange } = start();
    exchange.respond(response('"result":{"resultType":"complete"}'));
    const reply = await exchange.reply;
    expect(reply.single?.kind).toBe('result');
    expect(await reply.done).toBe('complete');
  });

  it('makes a stream of what has a notification before it, with the token of the caller', async () => {
    const { exchange, onCancel } = start();
    exchange.notify(progress);
    const reply = await exchange.reply;
    expect(reply.peek()).toBe('stream');
    exchange.respond(response('"result":{}'));
    expect(await texts(reply.messages())).toEqual([{ progressToken: 'mine', progress: 1 }, 'result']);
    expect(await reply.done).toBe('complete');
    expect(onCancel).not.toHaveBeenCalled();
  });

  it('is told of the abort of the call, until there is a response', async () => {
    const { exchange, onCancel, abort } = start();
    exchange.respond(response('"result":{}'));
    abort.abort('late');
    expect(onCancel).not.toHaveBeenCalled();
    const other = start();
    other.abort.abort('why');
    expect(other.onCancel).toHaveBeenCalledWith('why');
    other.exchange.fail(new McpError('cancelled', 'x'));
    await expect(other.exchange.reply).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('ends a stream with the error it fails with', async () => {
    const { exchange } = start();
    exchange.notify(progress);
    const reply = await exchange.reply;
    exchange.fail(new McpError('unavailable', 'gone'));
    expect(await texts(reply.messages())).toEqual([{ progressToken: 'mine', progress: 1 }, 'error']);
    expect(await reply.done).toBe('error');
  });

  it.each([
    ['is not the one that was sent', 8, 'mine'],
    ['nobody asked for', 9, undefined],
  ])('drops progress under a token that %s', async (_, token, progressToken) => {
    const call = createCall('x', {}, progressToken === undefined ? {} : { progressToken });
    const exchange = new Exchange(call, token, vi.fn());
    exchange.notify(progress);
    exchange.respond(response('"result":{}'));
    expect((await exchange.reply).peek()).toBe('complete');
  });

  it('keeps all progress of a burst', async () => {
    const { exchange } = start();
    for (let i = 0; i < 10_000; i++) exchange.notify(progress);
    exchange.respond(response('"result":{}'));
    expect(await texts((await exchange.reply).messages())).toHaveLength(10_001);
  });

  it('keeps a bounded amount of progress for a reader that stalls, and the result', async () => {
    const { exchange, onCancel } = start();
    const long = notification('progress', { progressToken: 9, progress: 1, message: 'x'.repeat(1024 * 1024) });
    for (let i = 0; i < 40; i++) exchange.notify(long);
    exchange.respond(response('"result":{}'));
    const seen = await texts((await exchange.reply).messages());
    expect([seen.length, seen.at(-1)]).toEqual([17, 'result']);
    expect(onCancel).not.toHaveBeenCalled();
  });

  it('is overloaded when anything else piles up before a reader that stalls', () => {
    const { exchange, onCancel } = start();
    const long = notification('anything', { data: 'x'.repeat(1024 * 1024) });
    for (let i = 0; i < 16; i++) exchange.notify(long);
    expect(onCancel).not.toHaveBeenCalled();
    exchange.notify(long);
    expect(onCancel).toHaveBeenCalledWith(expect.objectContaining({ code: 'overloaded' }));
  });
});

describe('finalMessage and singleReply', () => {
  it.each(['null', '"boom"', '{"message":"nocode"}', '{"code":"E_FAIL","message":"m"}', '{"code":1}', '[]'])(
    'do not give on the malformed error %s',
    async (error) => {
      const reply = singleReply(finalMessage(response(`"error":${error}`)));
      expect(reply.status).toBe(502);
      await expect(reply.result()).rejects.toMatchObject({
        rpc: { code: -32603, message: 'The server sent a malformed error.', data: { code: 'unavailable' } },
      });
    },
  );

  it.each(['"constructor"', '"__proto__"', '"toString"', '1e3'])('have a valid status for the code %s', (code) => {
    const reply = singleReply(finalMessage(response(`"error":{"code":${code},"message":"m"}`)));
    expect([200, 502]).toContain(reply.status);
  });

  it('read a response without result and error as an error', () => {
    expect(finalMessage({ kind: 'response', id: 1 })).toMatchObject({ kind: 'error' });
  });

  it.each([
    [-32601, 404],
    [-32021, 400],
    [-32602, 200],
    [-32000, 200],
  ])('answer error %d with HTTP %d', (code, status) => {
    expect(singleReply(finalMessage(response(`"error":{"code":${code},"message":"m"}`))).status).toBe(status);
  });
});

describe('mapResult', () => {
  const change = (): Payload<Record<string, unknown>> => Payload.of({ changed: true });

  it('changes a single result and leaves an error', async () => {
    expect(await mapResult(resultReply(Payload.of({})), change).result()).toEqual({ changed: true });
    const error = errorReply(new McpError('internal', 'x'));
    expect(mapResult(error, change)).toBe(error);
  });

  it('changes the result at the end of a stream, and hands on who cancels', async () => {
    const queue = new PushQueue<Message>();
    const onCancel = vi.fn();
    const reply = mapResult(streamReply(queue, onCancel), change);
    queue.push({ kind: 'notification', method: 'n', params: Payload.of({}) });
    queue.push({ kind: 'result', result: Payload.of({}) });
    queue.end();
    expect(await reply.result()).toEqual({ changed: true });
    expect(onCancel).not.toHaveBeenCalled();
    const second = mapResult(streamReply(new PushQueue<Message>(), onCancel), change);
    second.cancel('why');
    expect(onCancel).toHaveBeenCalledWith('why');
    expect(await second.done).toBe('cancelled');
  });
});
