import {
  createCall,
  McpError,
  Payload,
  streamReply,
  type CallOptions,
  type Era,
  type Handler,
  type JsonObject,
  type Message,
} from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { answer, answering } from '../../test/support/fakes.ts';
import { inProcess } from './in-process.ts';

const clientInfo = { name: 'gateway', version: '1.0.0' };

const signal = (): AbortSignal => new AbortController().signal;

/** Logs at three levels, progress under two tokens, something of its own, and a result. */
async function* chat(): AsyncGenerator<Message> {
  const notification = (method: string, params: JsonObject): Message => ({
    ...{ kind: 'notification' as const, method },
    params: Payload.of(params),
  });
  for (const level of ['debug', 'info', 'error']) yield notification('notifications/message', { level, data: 'd' });
  for (const [progress, progressToken] of ['t', 'u'].entries())
    yield notification('notifications/progress', { progress: progress + 1, progressToken });
  yield notification('own/news', {});
  yield { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };
}

describe('a handler as an endpoint', () => {
  it('is what it says of itself', async () => {
    const described = {
      capabilities: { tools: {} },
      instructions: 'Be kind.',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's' } },
    };
    const connection = await inProcess(answering(described), { clientInfo }).open(signal());
    expect(connection).toMatchObject({
      era: 'modern',
      server: { serverInfo: { name: 's' }, capabilities: { tools: {} }, instructions: 'Be kind.' },
    });
    await connection.ping(signal());
    await connection.close();
  });

  it('needs to say nothing', async () => {
    const connection = await inProcess(answering({ capabilities: 5, instructions: 5, _meta: 5 }), { clientInfo }).open(
      signal(),
    );
    expect(connection.server).toEqual({ serverInfo: undefined, capabilities: {}, instructions: undefined });
  });

  it('tells callers only of what they want: logs from their level on, progress under their token', async () => {
    const chatty: Handler = (call) =>
      Promise.resolve(
        call.method === 'server/discover' ? answer({ capabilities: {} }) : streamReply(chat(), () => undefined),
      );
    const { handler } = await inProcess(chatty, { clientInfo }).open(signal());
    const told = async (options: CallOptions, era: Era = 'modern'): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for await (const message of (await handler({ ...createCall('tools/call', {}, options), era })).messages())
        seen.push(
          message.kind === 'notification'
            ? (message.params.value.level ?? message.params.value.progress ?? message.method)
            : message.kind,
        );
      return seen;
    };
    expect(await told({})).toEqual(['own/news', 'result']);
    expect(await told({}, 'legacy')).toEqual(['info', 'error', 'own/news', 'result']);
    expect(await told({ logLevel: 'error', progressToken: 't' })).toEqual(['error', 1, 'own/news', 'result']);
    expect(await told({ logLevel: 'debug' })).toEqual(['debug', 'info', 'error', 'own/news', 'result']);
  });

  it('is given up when it never answers', async () => {
    const mute: Handler = () => new Promise(() => undefined);
    const stop = new AbortController();
    const opening = inProcess(mute, { clientInfo }).open(stop.signal);
    stop.abort(new McpError('timeout', 'no answer'));
    await expect(opening).rejects.toThrow('no answer');
    await expect(inProcess(mute, { clientInfo }).open(AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
