import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { afterEach, expect, it } from 'vitest';
import { serveFetch } from './support/fetch-server.ts';
import { v1Server } from './support/official-servers.ts';
import { MCPClientBuilder, MCPServerBuilder } from '../src/index.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

it.each([
  ['with sessions', { sessionIdGenerator: randomUUID }],
  ['without sessions', {}],
])('a client goes on when its server is rolled back to the official v1 %s', async (_, options) => {
  const modern = new MCPServerBuilder({ name: 'new', version: '2.0.0' })
    .addTool({ name: 'echo', handler: () => 'new' })
    .build();
  let handle = (request: Request): Promise<Response> => modern.fetch(request);
  const http = await serveFetch((request) => handle(request));
  const client = await new MCPClientBuilder({ name: 'c', version: '1.0.0' }).http(http.url).build();
  open.push(modern, http, client);
  expect(await client.tools.call('echo')).toMatchObject({ content: [{ text: 'new' }] });
  expect(client.era).toBe('modern');

  const sessions = new Map<string | null, WebStandardStreamableHTTPServerTransport>();
  handle = async (request) => {
    const known = sessions.get(request.headers.get('mcp-session-id'));
    if (known) return known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      ...options,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await v1Server().connect(transport);
    return transport.handleRequest(request);
  };
  // It may have run, as far as its client knows.
  await expect(client.tools.call('echo', { text: 'old' })).rejects.toThrow();
  expect(await client.tools.call('echo', { text: 'old' })).toMatchObject({ content: [{ text: 'old' }] });
  expect(client.era).toBe('legacy');
});
