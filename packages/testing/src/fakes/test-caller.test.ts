import { errorReply, McpError, MCPServerBuilder, Payload, resultReply, streamReply, type Handler } from '@org/mcp-sdk';
import { expect, test } from 'vitest';
import { createFakeServer } from './fake-server.ts';
import { createTestCaller } from './test-caller.ts';

test('it calls a built server as well as a handler', async () => {
  const server = new MCPServerBuilder({ name: 's', version: '1' }).addTool({ name: 'a', handler: () => 'A' }).build();
  expect((await createTestCaller(server).callTool('a')).result.content).toEqual([{ type: 'text', text: 'A' }]);
  expect(await createTestCaller(server.handler).listTools()).toMatchObject([{ name: 'a' }]);
});

test('notifications are collected when the call asks for them, per call or by default', async () => {
  const server = createFakeServer({
    tools: {
      work: (_args, context) => {
        context.progress(1, 2);
        context.log.info('half way');
        return 'done';
      },
    },
  });
  const quiet = await createTestCaller(server).callTool('work');
  expect(quiet.notifications).toEqual([]);
  const once = await createTestCaller(server).callTool('work', {}, { progressToken: 'p' });
  expect(once.notifications).toEqual([
    { method: 'notifications/progress', params: { progressToken: 'p', progress: 1, total: 2 } },
  ]);
  const loud = await createTestCaller(server, { progressToken: 1, logLevel: 'debug' }).callTool('work');
  expect(loud.notifications.map(({ method }) => method)).toEqual(['notifications/progress', 'notifications/message']);
  expect(loud.result.content).toEqual([{ type: 'text', text: 'done' }]);
});

test('a thrown error and an error reply look alike', async () => {
  const error = new McpError('overloaded', 'come back later');
  const handlers: Handler[] = [() => Promise.reject(error), () => Promise.resolve(errorReply(error))];
  for (const handler of handlers)
    await expect(createTestCaller(handler).call('tools/call', { name: 'x' })).rejects.toMatchObject({
      name: 'RemoteError',
      rpc: { code: -32603, message: 'come back later', data: { code: 'overloaded' } },
    });
});

test('an error that ends a stream rejects, too', async () => {
  const handler: Handler = async () =>
    streamReply(
      (async function* () {
        yield { kind: 'notification', method: 'notifications/progress', params: Payload.of({ progress: 1 }) } as const;
        throw new McpError('unavailable', 'gone');
      })(),
      () => undefined,
    );
  await expect(createTestCaller(handler).call('x')).rejects.toMatchObject({ rpc: { message: 'gone' } });
});

test('a reply without an end is an error', async () => {
  const handler: Handler = async () => streamReply((async function* () {})(), () => undefined);
  await expect(createTestCaller(handler).call('x')).rejects.toThrow('ended without a result');
});

test('lists are read to the last page', async () => {
  const handler: Handler = async (call) =>
    resultReply(
      Payload.of(
        call.params.value.cursor === '2' ? { tools: [{ name: 'b' }] } : { tools: [{ name: 'a' }], nextCursor: '2' },
      ),
    );
  expect(await createTestCaller(handler).listTools()).toEqual([{ name: 'a' }, { name: 'b' }]);
});

test('the signal of a call reaches the handler', async () => {
  const signal = AbortSignal.abort();
  let seen: AbortSignal | undefined;
  const handler: Handler = async (call) => {
    seen = call.signal;
    return resultReply(Payload.of({}));
  };
  await createTestCaller(handler).call('x', {}, { signal });
  expect(seen).toBe(signal);
});
