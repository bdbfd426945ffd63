import { Client as V2Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { createMcpHandler, InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { fromMcpServer, fromV1, toMcpServer } from '../src/bridges.ts';
import { createCall } from '../src/core/call.ts';
import { createInMemoryTransport } from '../src/serve/in-memory.ts';
import { demoServer } from './support/demo-server.ts';
import { v1Server, v2Server } from './support/official-servers.ts';

const CLIENT = { name: 'tester', version: '1.0.0' };

describe.each([
  ['fromV1', () => fromV1(v1Server())],
  ['fromMcpServer', () => fromMcpServer(v2Server())],
])('%s', (_, bridge) => {
  test('makes a handler that lists and calls', async () => {
    const server = bridge();
    const { handler } = server;
    const listed = await (await handler(createCall('tools/list'))).result();
    expect(listed).toMatchObject({ resultType: 'complete', tools: [{ name: 'echo' }, { name: 'grow' }] });
    const called = await handler(createCall('tools/call', { name: 'echo', arguments: { text: 'hi' } }));
    expect(await called.result()).toMatchObject({ content: [{ type: 'text', text: 'hi' }] });
    await server.close();
  });

  test('is connected again after it was closed', async () => {
    const server = bridge();
    await (await server.handler(createCall('tools/list'))).result();
    await server.close();
    expect(await (await server.handler(createCall('tools/list'))).result()).toMatchObject({ resultType: 'complete' });
    await server.close();
  });

  test('is served in the modern era to a client of today', async () => {
    const server = bridge();
    const client = new V2Client(CLIENT, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(createInMemoryTransport(server.handler) as never);
    expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toMatchObject({
      content: [{ type: 'text', text: 'hi' }],
    });
    expect((await client.readResource({ uri: 'demo://r' })).contents).toMatchObject([{ text: 'r' }]);
    await client.close();
    await server.close();
  });
});

describe('toMcpServer', () => {
  test('makes an official server that says who it is', async () => {
    const server = await toMcpServer(demoServer());
    expect(server).toBeInstanceOf(McpServer);
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new V1Client(CLIENT);
    await server.connect(far);
    await client.connect(near);
    expect(client.getServerVersion()).toMatchObject({ name: 'demo', version: '1.2.3' });
    expect(client.getInstructions()).toBe('Be kind.');
    await client.close();
  });

  test('passes calls, progress, prompts and resources', async () => {
    const server = await toMcpServer(demoServer().handler);
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new V2Client(CLIENT);
    await server.connect(far);
    await client.connect(near);
    expect(await client.callTool({ name: 'greet', arguments: { name: 'Ada' } })).toMatchObject({
      content: [{ type: 'text', text: 'Hello, Ada!' }],
    });
    const progress: number[] = [];
    const running = client.callTool(
      { name: 'progress' },
      {
        onprogress: (update) => {
          progress.push(update.progress);
          if (update.progress === 2) void client.callTool({ name: 'release' });
        },
      },
    );
    expect(await running).toMatchObject({ content: [{ type: 'text', text: 'done' }] });
    expect(progress).toEqual([1, 2]);
    expect(await client.getPrompt({ name: 'ask', arguments: { topic: 'tea' } })).toMatchObject({
      messages: [{ content: { text: 'About tea?' } }],
    });
    expect((await client.readResource({ uri: 'demo://text' })).contents).toMatchObject([{ text: 'content' }]);
    await expect(client.callTool({ name: 'nothing' })).rejects.toThrow('nothing');
    await client.close();
  });

  test('waits for running calls when it closes', async () => {
    const demo = demoServer();
    const server = await toMcpServer(demo);
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new V2Client(CLIENT);
    await server.connect(far);
    await client.connect(near);
    let closing: Promise<void> | undefined;
    const onprogress = (): void => {
      closing ??= server.close();
      void demo.handler(createCall('tools/call', { name: 'release' }));
    };
    expect(await client.callTool({ name: 'progress' }, { onprogress })).toMatchObject({ content: [{ text: 'done' }] });
    await closing;
    await expect(client.callTool({ name: 'number' })).rejects.toThrow('Not connected');
  });

  test.each(['modern', 'legacy'] as const)('is what createMcpHandler serves over HTTP, %s', async (era) => {
    const demo = demoServer();
    const handler = createMcpHandler(() => toMcpServer(demo));
    const client = new V2Client(CLIENT, {
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    });
    const url = new URL('http://localhost/mcp');
    const fetchLike = (input: string | URL, init?: RequestInit): Promise<Response> =>
      handler.fetch(new Request(input, init));
    await client.connect(new StreamableHTTPClientTransport(url, { fetch: fetchLike }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('greet');
    expect(await client.callTool({ name: 'greet', arguments: { name: 'Ada' } })).toMatchObject({
      content: [{ type: 'text', text: 'Hello, Ada!' }],
    });
    await client.close();
  });
});
