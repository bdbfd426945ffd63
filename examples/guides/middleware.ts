import assert from 'node:assert/strict';
import { MCPClientBuilder } from '@org/mcp-sdk';

// #region time
import { MCPServerBuilder, type Middleware } from '@org/mcp-sdk';

const durations: string[] = [];
const time: Middleware = (next) => async (call) => {
  const started = performance.now();
  const reply = await next(call);
  void reply.done.then((outcome) => durations.push(`${call.method} ${outcome} ${performance.now() - started} ms`));
  return reply;
};
// #endregion

// #region tenant
import type { Call, TypedMiddleware } from '@org/mcp-sdk';

const tenant =
  <C extends Call>(): TypedMiddleware<C, C & { readonly tenant: string }> =>
  (next) =>
  (call) =>
    next({ ...call, tenant: call.principal?.subject ?? 'public' });
// #endregion

// #region use
const server = new MCPServerBuilder({ name: 'files', version: '1.0.0' })
  .use(time)
  .use(tenant())
  .use((next) => async (call) => {
    if (call.method === 'tools/call') console.log(`${call.tenant} calls ${call.params.value.name}`);
    return next(call);
  })
  .provide({ greeting: 'Hello' })
  .addTool({ name: 'hello', handler: (_params, { call, services }) => `${services.greeting}, ${call.tenant}!` })
  .build();
// #endregion

// #region retry
const retry: Middleware = (next) => async (call) => {
  const reply = await next(call);
  return reply.peek() === 'error' && call.method === 'resources/read' ? next(call) : reply;
};
// #endregion

// #region tool
const loud = new MCPServerBuilder({ name: 'loud', version: '1.0.0' })
  .use(retry)
  .useTool((next) => async (params, context) => String(await next(params, context)).toUpperCase())
  .group('say_', (say) => say.use(time).addTool({ name: 'hello', handler: () => 'hello' }))
  .build();
// #endregion

const client = await new MCPClientBuilder({ name: 'reader', version: '1.0.0' }).inMemory(server).build();
const { content } = await client.tools.call('hello');
assert.deepEqual(content, [{ type: 'text', text: 'Hello, public!' }]);
assert.ok(durations.some((line) => line.startsWith('tools/call complete')));
await client.close();
await server.close();

const listener = await new MCPClientBuilder({ name: 'reader', version: '1.0.0' }).inMemory(loud).build();
assert.deepEqual((await listener.tools.call('say_hello')).content, [{ type: 'text', text: 'HELLO' }]);
await listener.close();
await loud.close();
