import { McpError } from '@org/mcp-sdk';
import { expect, test } from 'vitest';
import { createFakeServer } from './fake-server.ts';
import { createTestCaller } from './test-caller.ts';

const fake = () =>
  createFakeServer({
    tools: {
      ping: 'pong',
      sum: ({ a, b }) => Number(a) + Number(b),
      point: { x: 1 },
      broken: () => {
        throw new Error('no disk');
      },
      forbidden: () => {
        throw new McpError('forbidden', 'not you');
      },
    },
    prompts: { hello: ({ who }) => `Greet ${String(who)}`, bye: 'Say goodbye' },
    resources: { 'memo:one': 'first', 'memo:two': (uri) => `content of ${uri}` },
  });

test('a tool answers with its value or with what its function makes of the arguments', async () => {
  const caller = createTestCaller(fake());
  expect((await caller.callTool('ping')).result.content).toEqual([{ type: 'text', text: 'pong' }]);
  expect((await caller.callTool('sum', { a: 2, b: 3 })).result.content).toEqual([{ type: 'text', text: '5' }]);
  expect((await caller.callTool('point')).result.structuredContent).toEqual({ x: 1 });
});

test('what a tool throws is a tool error, an McpError a protocol error', async () => {
  const caller = createTestCaller(fake());
  expect((await caller.callTool('broken')).result).toMatchObject({ isError: true, content: [{ text: 'no disk' }] });
  await expect(caller.callTool('forbidden')).rejects.toMatchObject({ rpc: { code: -32600, message: 'not you' } });
});

test('prompts and resources answer with their value or their function', async () => {
  const caller = createTestCaller(fake());
  const prompt = await caller.call('prompts/get', { name: 'hello', arguments: { who: 'Ada' } });
  expect(prompt.result.messages).toMatchObject([{ content: { text: 'Greet Ada' } }]);
  const bye = await caller.call('prompts/get', { name: 'bye' });
  expect(bye.result.messages).toMatchObject([{ content: { text: 'Say goodbye' } }]);
  const read = async (uri: string) => (await caller.call('resources/read', { uri })).result.contents;
  expect(await read('memo:one')).toEqual([{ uri: 'memo:one', text: 'first' }]);
  expect(await read('memo:two')).toEqual([{ uri: 'memo:two', text: 'content of memo:two' }]);
});

test('every call is recorded in order, also one that fails', async () => {
  const server = fake();
  const caller = createTestCaller(server);
  await caller.listTools();
  await caller.callTool('sum', { a: 1 });
  await caller.callTool('missing').catch(() => undefined);
  expect(server.calls.map(({ method, target }) => [method, target])).toEqual([
    ['tools/list', undefined],
    ['tools/call', 'sum'],
    ['tools/call', 'missing'],
  ]);
  expect(server.calls[1]?.params.arguments).toEqual({ a: 1 });
});

test('a fake without prompts lists none', async () => {
  const caller = createTestCaller(createFakeServer({ tools: { ping: 'pong' } }));
  const { result } = await caller.call('prompts/list');
  expect(result.prompts).toEqual([]);
});

test('middleware is applied in order, behind the recorder', async () => {
  const order: string[] = [];
  const server = createFakeServer({
    tools: { ping: 'pong' },
    use: ['outer', 'inner'].map((name) => (next) => (call) => {
      order.push(`${name} after ${server.calls.length}`);
      return next(call);
    }),
  });
  await createTestCaller(server).callTool('ping');
  expect(order).toEqual(['outer after 1', 'inner after 1']);
});

test('a name that is none is refused when the fake is made', () => {
  expect(() => createFakeServer({ tools: { 'not a name': 'x' }, resources: { relative: 'y' } })).toThrow(
    /not a name[^]*relative/,
  );
});
