import { Client as V2Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, InMemoryTransport } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { fromMcpServer, fromV1, toMcpServer } from '../src/bridges.ts';
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

/** Adds a tool that asks, in the way of the official SDKs. */
function v1Asking(): ReturnType<typeof v1Server> {
  const server = v1Server();
  server.registerTool('greet', {}, async () => {
    const { content } = await server.server.elicitInput({
      message: 'Who are you?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
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
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    });
    return { content: [{ type: 'text', text: `Hello, ${String(content?.name)}!` }] };
  });
  return server;
}

// Likewise.
test.fails.each([
  ['fromV1', () => fromV1(v1Asking())],
  ['fromMcpServer', () => fromMcpServer(v2Asking())],
])('%s asks a modern client', async (_, bridge) => {
  const server = bridge();
  const client = modernClient();
  await client.connect(createInMemoryTransport(server.handler) as never);
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  await client.close();
  await server.close();
});
