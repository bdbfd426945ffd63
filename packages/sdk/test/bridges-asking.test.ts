import { Client as V2Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, InMemoryTransport } from '@modelcontextprotocol/server';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { fromMcpServer, fromV1, toMcpServer, type BridgedServer } from '../src/bridges.ts';
import { createCall, type Principal } from '../src/core/call.ts';
import type { JsonObject } from '../src/core/json.ts';
import { createInMemoryTransport } from '../src/serve/in-memory.ts';
import { askingHandler } from './support/asking-handler.ts';
import { v1Server, v2Server } from './support/official-servers.ts';

const CLIENT = { name: 'tester', version: '1.0.0' };
const CAPABILITIES = { capabilities: { elicitation: { form: {} } } };
const ANSWER = { action: 'accept' as const, content: { name: 'Ada' } };

/** A client of today whose user is Ada. */
function modernClient(): V2Client {
  const client = new V2Client(CLIENT, {
    ...CAPABILITIES,
    versionNegotiation: { mode: { pin: '2026-07-28' } },
  });
  client.setRequestHandler('elicitation/create', () => ANSWER);
  return client;
}

/** A client of the past whose user is Ada. */
function legacyClient(): V1Client {
  const client = new V1Client(CLIENT, CAPABILITIES);
  client.setRequestHandler(ElicitRequestSchema, () => ANSWER);
  return client;
}

test('toMcpServer asks a modern client', async () => {
  const handler = createMcpHandler(() => toMcpServer(askingHandler));
  const client = modernClient();
  const transport = new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
    fetch: (url, init) => handler.fetch(new Request(url, init)),
  });
  await client.connect(transport);
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  await client.close();
});

test('toMcpServer asks a legacy client', async () => {
  const server = await toMcpServer(askingHandler);
  const [near, far] = InMemoryTransport.createLinkedPair();
  const client = legacyClient();
  await server.connect(far);
  await client.connect(near);
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  await client.close();
});

const NAME = { type: 'object' as const, properties: { name: { type: 'string' as const } }, required: ['name'] };

/** Adds a tool that asks, in the way of the official SDKs. */
function v1Asking(): ReturnType<typeof v1Server> {
  const server = v1Server();
  server.registerTool('greet', {}, async () => {
    const { content } = await server.server.elicitInput({
      message: 'Who are you?',
      requestedSchema: NAME,
    });
    return { content: [{ type: 'text', text: `Hello, ${String(content?.name)}!` }] };
  });
  return server;
}

function v2Asking(): ReturnType<typeof v2Server> {
  const server = v2Server();
  server.registerTool('greet', {}, async (context) => {
    const { content } = await context.mcpReq.elicitInput({
      mode: 'form',
      message: 'Who are you?',
      requestedSchema: NAME,
    });
    return { content: [{ type: 'text', text: `Hello, ${String(content?.name)}!` }] };
  });
  return server;
}

const INDEX = {
  mode: 'form',
  requestedSchema: { type: 'object', properties: { index: { type: 'number' } }, required: ['index'] },
} as const;

/** Adds a tool that asks what it is told to, and says so with the request it is answering. */
function v1AskingBack(): ReturnType<typeof v1Server> {
  const server = v1Server();
  server.registerTool('ask', { inputSchema: { text: z.string() } }, async ({ text }, extra) => {
    const params = { ...INDEX, message: text } as never;
    const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return { content: [{ type: 'text', text: `${text}: ${String(content?.index)}` }] };
  });
  return server;
}

function v2AskingBack(): ReturnType<typeof v2Server> {
  const server = v2Server();
  server.registerTool('ask', { inputSchema: z.object({ text: z.string() }) }, async ({ text }, context) => {
    const { content } = await context.mcpReq.elicitInput({ ...INDEX, message: text } as never);
    return { content: [{ type: 'text', text: `${text}: ${String(content?.index)}` }] };
  });
  return server;
}

const BRIDGES = [
  ['fromV1', () => fromV1(v1Asking())],
  ['fromMcpServer', () => fromMcpServer(v2Asking())],
] as const;

test.each(BRIDGES)('%s asks a modern client', async (_, bridge) => {
  const server = bridge();
  const client = modernClient();
  await client.connect(createInMemoryTransport(server.handler) as never);
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  await client.close();
  await server.close();
});

test.each(BRIDGES)('%s asks a legacy client', async (_, bridge) => {
  const server = bridge();
  const client = legacyClient();
  await client.connect(createInMemoryTransport(server.handler) as never);
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  await client.close();
  await server.close();
});

describe('a call that is held for an answer', () => {
  const options = { clientCapabilities: { elicitation: { form: {} } } };
  const asked = async (server: BridgedServer, principal: Principal | null = null): Promise<JsonObject> =>
    (await server.handler(createCall('tools/call', { name: 'greet' }, { ...options, principal }))).result();
  const retry = async (server: BridgedServer, params: JsonObject, principal: Principal | null = null) =>
    (await server.handler(createCall('tools/call', { name: 'greet', ...params }, { ...options, principal }))).result();
  const alice: Principal = { subject: 'alice', scopes: new Set() };

  test('is asked for what is missing, refuses what is no answer to it, and goes on once', async () => {
    const server = fromV1(v1Asking());
    const { requestState, inputRequests } = await asked(server);
    expect(inputRequests).toMatchObject({ a0: { method: 'elicitation/create', params: { message: 'Who are you?' } } });
    await expect(retry(server, { requestState, inputResponses: { a0: 'x' } })).rejects.toThrow('no result of');
    const again = await retry(server, { requestState, inputResponses: {} });
    expect(again).toMatchObject({ resultType: 'input_required', inputRequests });
    const answered = { requestState: again.requestState, inputResponses: { a0: ANSWER } };
    expect(await retry(server, answered)).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
    expect(await retry(server, answered), 'sent twice').toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
    await server.close();
  });

  test('goes on for nobody else, and not for another call', async () => {
    const server = fromV1(v1Asking());
    const { requestState } = await asked(server, alice);
    const params = { requestState, inputResponses: { a0: ANSWER } };
    await expect(retry(server, params)).rejects.toThrow('requestState');
    await expect(retry(server, { ...params, arguments: { x: 1 } }, alice)).rejects.toThrow('requestState');
    expect(await retry(server, params, alice)).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
    await server.close();
  });

  test.each([
    ['fromV1', () => fromV1(v1AskingBack())],
    ['fromMcpServer', () => fromMcpServer(v2AskingBack())],
  ])('%s: each of two calls at once is asked what is its own', async (_, bridge) => {
    const server = bridge();
    const call = async (params: JsonObject): Promise<JsonObject> =>
      (await server.handler(createCall('tools/call', { name: 'ask', ...params }, options))).result();
    const both = [{ arguments: { text: 'one' } }, { arguments: { text: 'two' } }];
    const asked = await Promise.all(both.map(call));
    expect(asked).toMatchObject([
      { inputRequests: { a0: { params: { message: 'one' } } } },
      { inputRequests: { a0: { params: { message: 'two' } } } },
    ]);
    const answered = asked.map(({ requestState }, index) =>
      call({ ...both[index], requestState, inputResponses: { a0: { action: 'accept', content: { index } } } }),
    );
    expect(await Promise.all(answered)).toMatchObject([
      { content: [{ text: 'one: 0' }] },
      { content: [{ text: 'two: 1' }] },
    ]);
    await server.close();
  });

  test('is not there for a call that has ended while another runs', async () => {
    const official = v1Asking();
    let leave!: () => void;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const late = vi.fn();
    official.registerTool('leave', {}, () => {
      void left.then(() => official.server.elicitInput({ message: '?', requestedSchema: NAME })).catch(late);
      return { content: [] };
    });
    const server = fromV1(official);
    await (await server.handler(createCall('tools/call', { name: 'leave' }, options))).result();
    await asked(server);
    leave();
    await expect
      .poll(() => late.mock.calls[0]?.[0] as Error | undefined)
      .toMatchObject({
        message: expect.stringContaining('has ended') as string,
      });
    await server.close();
  });

  test('is not there for callers that cannot be asked', async () => {
    const server = fromV1(v1Asking());
    const plain = await server.handler(createCall('tools/call', { name: 'greet' }));
    expect(await plain.result()).toMatchObject({ isError: true });
    await server.close();
  });
});
