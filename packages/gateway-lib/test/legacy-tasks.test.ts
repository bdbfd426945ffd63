import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { MCPServerBuilder, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewayOptions, type UpstreamOptions } from '../src/index.ts';
import { listen } from './support/clients.ts';
import { startSessions } from './support/legacy-sessions.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An official v1 server with a tool that is a task; `seen` has the ids of its tasks. */
function taskServer(seen: string[] = []) {
  const taskStore = new InMemoryTaskStore();
  ends.push(() => {
    taskStore.cleanup();
  });
  const server = new McpServer(
    { name: 'v1', version: '1' },
    { capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }, taskStore },
  );
  server.experimental.tasks.registerToolTask(
    'work',
    { execution: { taskSupport: 'optional' } },
    {
      createTask: async ({ taskStore: store }) => {
        const task = await store.createTask({ ttl: 60_000, pollInterval: 10 });
        seen.push(task.taskId);
        return { task };
      },
      getTask: ({ taskId, taskStore: store }) => store.getTask(taskId),
      getTaskResult: async ({ taskId, taskStore: store }) => (await store.getTaskResult(taskId)) as never,
    },
  );
  const finish = (taskId: string): Promise<void> =>
    taskStore.storeTaskResult(taskId, 'completed', { content: [{ type: 'text', text: 'worked' }] });
  return { server, finish };
}

/** An official v1 server whose task asks who called, and greets him. */
function askingServer(seen: string[], answers: unknown[]): McpServer {
  const taskStore = new InMemoryTaskStore();
  ends.push(() => {
    taskStore.cleanup();
  });
  const server = new McpServer(
    { name: 'v1', version: '1' },
    {
      capabilities: { tasks: { cancel: {}, requests: { tools: { call: {} } } } },
      taskStore,
      taskMessageQueue: new InMemoryTaskMessageQueue(),
    },
  );
  const greet = async (taskId: string): Promise<void> => {
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
    await taskStore.updateTaskStatus(taskId, 'input_required');
    const asked = { mode: 'form' as const, message: 'Who are you?', requestedSchema };
    const text = await server.server.elicitInput(asked, { relatedTask: { taskId } }).then(
      ({ action, content, _meta }) => {
        answers.push(_meta);
        return `Hello, ${String(content?.name ?? action)}!`;
      },
      (thrown: unknown) => `Nobody answered: ${String(thrown)}`,
    );
    await taskStore.storeTaskResult(taskId, 'completed', { content: [{ type: 'text', text }] });
  };
  server.experimental.tasks.registerToolTask(
    'greet',
    { execution: { taskSupport: 'required' } },
    {
      createTask: async ({ taskStore: store }) => {
        const task = await store.createTask({ ttl: 60_000, pollInterval: 10 });
        seen.push(task.taskId);
        void greet(task.taskId);
        return { task };
      },
      getTask: ({ taskId, taskStore: store }) => store.getTask(taskId),
      getTaskResult: async ({ taskId, taskStore: store }) => (await store.getTaskResult(taskId)) as never,
    },
  );
  return server;
}

async function connect(upstreams: GatewayOptions['upstreams']): Promise<{ gateway: Gateway; client: Client }> {
  const gateway = new Gateway({ upstreams });
  ends.push(() => gateway.close());
  const client = new Client({ name: 'c', version: '1' });
  await client.connect(gateway.connect() as never);
  ends.push(() => client.close());
  return { gateway, client };
}

async function overHttp(create: () => McpServer): Promise<{ url: string }> {
  const { url, close } = await startSessions(create);
  ends.push(close);
  return { url };
}

/** A client over HTTP that says its name, and what it was asked. */
async function askable(upstream: UpstreamOptions): Promise<{ client: Client; asked: JsonObject[] }> {
  const gateway = new Gateway({ upstreams: { up: upstream } });
  const { url, close } = await listen(gateway);
  ends.push(() => gateway.close(), close);
  const asked: JsonObject[] = [];
  const client = new Client({ name: 'c', version: '1' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params);
    return { action: 'accept', content: { name: 'Ada' }, _meta: params._meta };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  ends.push(() => client.close());
  return { client, asked };
}

describe('tasks of revision 2025-11-25', () => {
  it('are those of legacy upstreams for legacy callers, under sealed ids', async () => {
    const seen: string[] = [];
    const { server, finish } = taskServer(seen);
    const { client } = await connect({ up: { server }, other: { server: taskServer().server } });
    expect(client.getServerCapabilities()?.tasks).toEqual({ cancel: {}, requests: { tools: { call: {} } } });
    await client.listTools();
    const messages = client.experimental.tasks.callToolStream({ name: 'up_work', arguments: {} }, undefined, {
      task: { ttl: 60_000 },
    });
    const first = (await messages.next()).value;
    const taskId = first?.type === 'taskCreated' ? first.task.taskId : '';
    expect(taskId).toMatch(/^[\w-]{60,}$/);
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'working' });
    await finish(String(seen[0]));
    const last = [];
    for await (const message of messages) last.push(message);
    expect(last.at(-1)).toMatchObject({ type: 'result', result: { content: [{ text: 'worked' }] } });
    const result: JsonObject = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
    expect(result._meta).toMatchObject({ 'io.modelcontextprotocol/related-task': { taskId } });
    expect(JSON.stringify(result)).not.toContain(seen[0]);
  });

  it('are cancelled', async () => {
    const { client } = await connect({ up: { server: taskServer().server } });
    await client.listTools();
    const stream = client.experimental.tasks.callToolStream({ name: 'up_work' }, undefined, { task: {} });
    const first = (await stream.next()).value;
    const taskId = first?.type === 'taskCreated' ? first.task.taskId : '';
    expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
    await expect(client.experimental.tasks.getTask('nobodys')).rejects.toMatchObject({ code: -32602 });
    await expect(client.experimental.tasks.listTasks()).rejects.toThrow();
    await stream.return();
  });

  it.each(['in-process', 'http'] as const)('ask their caller while it waits for the result: %s', async (kind) => {
    const seen: string[] = [];
    const answers: unknown[] = [];
    const upstream =
      kind === 'http' ? await overHttp(() => askingServer(seen, answers)) : { server: askingServer(seen, answers) };
    const { client, asked } = await askable(upstream);
    await client.listTools();
    const messages = [];
    for await (const message of client.experimental.tasks.callToolStream({ name: 'up_greet' }, undefined, { task: {} }))
      messages.push(message);
    expect(messages.at(-1)).toMatchObject({ type: 'result', result: { content: [{ text: 'Hello, Ada!' }] } });
    const [created] = messages;
    const taskId = created?.type === 'taskCreated' ? created.task.taskId : '';
    expect(asked).toMatchObject([
      { message: 'Who are you?', _meta: { 'io.modelcontextprotocol/related-task': { taskId } } },
    ]);
    expect(JSON.stringify([messages, asked])).not.toContain(seen[0]);
    expect(answers).toMatchObject([{ 'io.modelcontextprotocol/related-task': { taskId: seen[0] } }]);
  });

  it('are told of to nobody else, nor made for anybody else', async () => {
    const seen: string[] = [];
    const { server, finish } = taskServer(seen);
    const { gateway } = await connect({ up: { server } });
    const { capabilities } = await gateway.call('server/discover');
    expect(capabilities).not.toHaveProperty('tasks');
    const call = gateway.call('tools/call', { name: 'up_work', task: { ttl: 1 } });
    // Without a task the server waits for its own one.
    await expect.poll(() => seen).toHaveLength(1);
    await finish(String(seen[0]));
    expect(await call).toMatchObject({ content: [{ text: 'worked' }] });
    const modern = new MCPServerBuilder({ name: 'm', version: '1' }).addTool({ name: 'x', handler: () => 'y' }).build();
    const { client } = await connect({ m: { server: modern } });
    expect(client.getServerCapabilities()).not.toHaveProperty('tasks');
  });
});
