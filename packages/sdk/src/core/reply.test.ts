import { describe, expect, it, vi } from 'vitest';
import { PushQueue } from '../wire/queue.ts';
import { McpError } from './errors.ts';
import { Payload } from './payload.ts';
import {
  errorReply,
  RemoteError,
  remoteErrorReply,
  resultReply,
  streamReply,
  type Message,
  type NotificationMessage,
  type Reply,
} from './reply.ts';

const note: NotificationMessage = { kind: 'notification', method: 'n', params: Payload.of({}) };
const result = (value: Record<string, unknown> = { resultType: 'complete' }): Message => ({
  kind: 'result',
  result: Payload.of(value),
});
const error: Message = { kind: 'error', error: Payload.of({ code: -1, message: 'no' }) };

function stream(...messages: Message[]): {
  reply: Reply;
  onCancel: ReturnType<typeof vi.fn>;
  queue: PushQueue<Message>;
} {
  const queue = new PushQueue<Message>();
  for (const message of messages) queue.push(message);
  const onCancel = vi.fn((reason: unknown) => queue.end(reason));
  return { reply: streamReply(queue, onCancel), onCancel, queue };
}

async function kinds(reply: Reply): Promise<string[]> {
  const seen: string[] = [];
  for await (const message of reply.messages()) seen.push(message.kind);
  return seen;
}

describe('a reply that is one message', () => {
  it.each([
    [resultReply(Payload.of({ resultType: 'complete' })), 'complete', 200],
    [resultReply(Payload.of({})), 'complete', 200],
    [resultReply(Payload.of({ resultType: 'input_required' })), 'input_required', 200],
    [resultReply(Payload.of({}), () => 'input_required'), 'input_required', 200],
    [errorReply(new McpError('method_not_found', 'x')), 'error', 404],
    [errorReply(new Error('secret')), 'error', 500],
    [remoteErrorReply(Payload.of({ code: -1, message: 'x' })), 'error', 200],
    [remoteErrorReply(Payload.of({ code: -1, message: 'x' }), 404), 'error', 404],
  ] as const)('knows what it is at once (%#)', async (reply, kind, status) => {
    expect(reply.peek()).toBe(kind);
    expect(reply.status).toBe(status);
    expect(await reply.done).toBe(kind);
    reply.cancel();
    expect(await kinds(reply)).toEqual([kind === 'error' ? 'error' : 'result']);
  });

  it('gives its result, or rejects with the words of the server', async () => {
    expect(await resultReply(Payload.of({ a: 1 })).result()).toEqual({ a: 1 });
    const rpc = { code: -5, message: 'why', data: [1] };
    await expect(remoteErrorReply(Payload.of(rpc)).result()).rejects.toMatchObject({ name: 'RemoteError', rpc });
    await expect(errorReply(new RemoteError(rpc)).result()).rejects.toMatchObject({ rpc });
  });

  it('shows nothing of a foreign error', async () => {
    await expect(errorReply(new Error('password=1')).result()).rejects.toMatchObject({
      rpc: { code: -32603, message: 'Internal error.' },
    });
  });
});

describe('a reply that is a stream', () => {
  it.each([
    ['its result', [note, result()], 'complete'],
    ['a result that asks for input', [note, result({ resultType: 'input_required' })], 'input_required'],
    ['an error', [note, error], 'error'],
  ] as const)('is done with %s', async (_, messages, outcome) => {
    const { reply, onCancel, queue } = stream(...messages);
    queue.end();
    expect(reply.peek()).toBe('stream');
    expect(await kinds(reply)).toHaveLength(2);
    expect(await reply.done).toBe(outcome);
    expect(onCancel).not.toHaveBeenCalled();
  });

  it('is done when its source breaks: the break becomes the final error', async () => {
    const { reply, queue } = stream(note);
    queue.end(new McpError('unavailable', 'gone'));
    expect(await kinds(reply)).toEqual(['notification', 'error']);
    expect(await reply.done).toBe('error');
  });

  it('is cancelled when its source ends without a final message', async () => {
    const { reply, queue } = stream(note);
    queue.end();
    await expect(reply.result()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await reply.done).toBe('cancelled');
  });

  it('is cancelled when its reader stops before the end', async () => {
    const { reply, onCancel } = stream(note, note);
    for await (const message of reply.messages()) {
      expect(message.kind).toBe('notification');
      break;
    }
    expect(onCancel).toHaveBeenCalledOnce();
    expect(await reply.done).toBe('cancelled');
  });

  it('is not cancelled when its reader stops with the final message', async () => {
    const { reply, onCancel } = stream(note, result());
    await reply.result();
    expect(onCancel).not.toHaveBeenCalled();
    expect(await reply.done).toBe('complete');
  });

  it('is done when it is cancelled, also if nobody ever reads it', async () => {
    const { reply, onCancel } = stream(note);
    reply.cancel('why');
    expect(onCancel).toHaveBeenCalledWith('why');
    expect(await reply.done).toBe('cancelled');
  });

  it('ends for a reader that waits when it is cancelled', async () => {
    const { reply } = stream(note);
    const reading = kinds(reply);
    reply.cancel(new McpError('cancelled', 'why'));
    expect(await reading).toEqual(['notification', 'error']);
    expect(await reply.done).toBe('cancelled');
  });

  it('resolves done once: what is cancelled after its end stays what it was', async () => {
    const { reply, queue } = stream(result());
    queue.end();
    await kinds(reply);
    reply.cancel();
    expect(await reply.done).toBe('complete');
  });

  it('gives its result, or rejects with its error', async () => {
    expect(await stream(note, result({ a: 1 })).reply.result()).toEqual({ a: 1 });
    await expect(stream(note, error).reply.result()).rejects.toMatchObject({ rpc: { code: -1, message: 'no' } });
  });
});
