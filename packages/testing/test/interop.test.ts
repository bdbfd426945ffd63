import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Gateway } from '@org/mcp-gateway';
import { createFakeServer, createTestCaller, failEvery } from '@org/mcp-testing';
import { expect, test } from 'vitest';

const identity = { name: 'test', version: '1' };
const fake = () =>
  createFakeServer({
    tools: { add: ({ a, b }) => Number(a) + Number(b) },
    prompts: { hello: 'Say hello' },
    resources: { 'memo:one': 'first' },
  });

test('an official client of today lists and calls a fake in memory', async () => {
  const server = fake();
  const client = new Client(identity);
  await client.connect(server.connect() as Transport);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
  const { content } = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect(content).toEqual([{ type: 'text', text: '5' }]);
  expect((await client.getPrompt({ name: 'hello' })).messages).toHaveLength(1);
  expect((await client.readResource({ uri: 'memo:one' })).contents).toMatchObject([{ text: 'first' }]);
  await client.close();
});

test('an official client of the legacy era calls a fake in memory', async () => {
  const client = new ClientV1(identity);
  await client.connect(fake().connect() as TransportV1);
  const { content } = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect(content).toEqual([{ type: 'text', text: '5' }]);
  await client.close();
});

test('an official client calls a fake over HTTP, and close() frees the port', async () => {
  const server = fake();
  const { url } = await server.listen();
  const client = new Client(identity);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { content } = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect(content).toEqual([{ type: 'text', text: '5' }]);
  expect(server.calls.at(-1)).toMatchObject({ method: 'tools/call', target: 'add' });
  await client.close();
  await server.close();
  await expect(fetch(url)).rejects.toThrow();
});

test('a fake is an upstream of a gateway, and a fault a middleware of it', async () => {
  const server = fake();
  const fault = failEvery(2);
  const gateway = new Gateway({ upstreams: { calc: { server } }, use: [fault] });
  const caller = createTestCaller(gateway);
  expect(await caller.listTools()).toMatchObject([{ name: 'calc_add' }]);
  const { result } = await caller.callTool('calc_add', { a: 1, b: 1 });
  expect(result.content).toEqual([{ type: 'text', text: '2' }]);
  await expect(caller.callTool('calc_add', { a: 1, b: 1 })).rejects.toThrow('Injected fault');
  expect(server.calls.filter(({ method }) => method === 'tools/call').map(({ target }) => target)).toEqual(['add']);
  await gateway.close();
});
