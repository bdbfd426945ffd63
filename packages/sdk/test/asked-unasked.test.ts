import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterEach, expect, it } from 'vitest';
import { startHttp, type TestHttpServer } from './support/http-server.ts';
import { MCPClientBuilder, type MCPClient } from '../src/index.ts';

let http: TestHttpServer;
let client: MCPClient | undefined;

/** A server of the official SDK v1 whose tools ask without saying on which call's behalf: on the session's GET stream. */
async function start() {
  const server = new McpServer({ name: 'v1', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  server.registerTool('greet', {}, async () => {
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
    const { content } = await server.server.elicitInput({ message: 'Who are you?', requestedSchema });
    return { content: [{ type: 'text', text: `Hello, ${String(content?.name)}!` }] };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  await server.connect(transport);
  const gets: number[] = [];
  http = await startHttp((req, res) => {
    if (req.method === 'GET') res.once('close', () => gets.push(res.statusCode));
    void transport.handleRequest(req, res);
  });
  return { server, gets };
}

const builder = () => new MCPClientBuilder({ name: 'c', version: '1' }).http(http.url).era('legacy');

afterEach(async () => {
  await client?.close();
  await http.close();
});

it('a legacy server that asks outside of any call is answered', async () => {
  await start();
  client = await builder()
    .onElicit(() => ({ action: 'accept', content: { name: 'Ada' } }))
    .build();
  expect(await client.tools.call('greet')).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
});

it('all subscriptions to a legacy server share its one stream', async () => {
  const { server, gets } = await start();
  client = await builder()
    .onElicit(() => ({ action: 'decline' }))
    .build();
  const changes = await Promise.all([client.subscribe({ tools: true }), client.subscribe({ tools: true })]);
  expect(changes.map(({ honoured }) => honoured)).toEqual([{ tools: true }, { tools: true }]);
  const told = changes.map((subscription) => subscription[Symbol.asyncIterator]().next());
  server.registerTool('new', {}, () => ({ content: [] }));
  for (const change of await Promise.all(told)) expect(change.value).toEqual({ kind: 'tools' });
  await client.close();
  await http.close();
  expect(gets).toEqual([200]);
});
