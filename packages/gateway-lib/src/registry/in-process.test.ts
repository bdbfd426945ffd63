import { McpError, type Handler } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { answering } from '../../test/support/fakes.ts';
import { inProcess } from './in-process.ts';

const clientInfo = { name: 'gateway', version: '1.0.0' };

const signal = (): AbortSignal => new AbortController().signal;

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
