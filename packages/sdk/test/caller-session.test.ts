import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it, onTestFinished } from 'vitest';
import { createCall, type Call, type CallerSession } from '../src/core/call.ts';
import type { Handler } from '../src/core/handler.ts';
import { McpError } from '../src/core/errors.ts';
import { Payload } from '../src/core/payload.ts';
import { resultReply, type Reply } from '../src/core/reply.ts';
import { MCPServerBuilder } from '../src/server/builder.ts';
import { createInMemoryTransport } from '../src/serve/in-memory.ts';
import { serveHttp } from '../src/serve/http.ts';
import { listenHttp } from '../src/serve/listen.node.ts';

const { handler: base } = new MCPServerBuilder({ name: 'base', version: '1.0.0' })
  .addTool({ name: 'run', handler: () => 'ran' })
  .build();

/** A server, and the sessions in which its tools were called. */
function noting(answer: (call: Call) => Promise<Reply> | undefined = () => undefined) {
  const sessions: (CallerSession | undefined)[] = [];
  const handler: Handler = (call) => {
    if (call.method !== 'tools/call') return base(call);
    sessions.push(call.session);
    return answer(call) ?? base(call);
  };
  return { sessions, handler };
}

async function v1Client(handler: Handler, secret?: Uint8Array<ArrayBuffer>) {
  const http = serveHttp(handler, secret ? { secret } : {});
  const server = await listenHttp(http.handle, { port: 0 });
  const client = new V1Client({ name: 'c', version: '1' }, { capabilities: { roots: {} } });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///work' }] }));
  const transport = new V1Http(new URL(server.url));
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return { client, transport, url: server.url };
}

const run = { name: 'run', arguments: {} };

it('is one for all calls of a legacy session, and can be asked where no call runs', async () => {
  const { sessions, handler } = noting();
  const { client, transport } = await v1Client(handler);
  await client.connect(transport);
  await client.callTool(run);
  await client.callTool(run);
  const [session] = sessions;
  expect(sessions[1]).toBe(session);
  expect(session?.isResumed).toBe(false);
  const { signal } = new AbortController();
  await expect
    .poll(() => session?.ask?.('roots/list', {}, signal).catch(String))
    .toEqual({
      roots: [{ uri: 'file:///work' }],
    });
  await expect(session?.ask?.('sampling/createMessage', { messages: [] }, signal)).rejects.toMatchObject({
    code: 'missing_client_capability',
  });
});

it('that is ended from inside is answered 404, and its signal says so', async () => {
  const { sessions, handler } = noting((call) => {
    call.session?.end?.('What was kept for it is gone.');
    return Promise.reject(new McpError('session_not_found', 'What was kept for it is gone.'));
  });
  const { client, transport } = await v1Client(handler);
  await client.connect(transport);
  await expect(client.callTool(run)).rejects.toMatchObject({ code: 404 });
  expect(sessions[0]?.ended.aborted).toBe(true);
  await expect(client.listTools()).rejects.toMatchObject({ code: 404 });
});

it('ends when its client ends it', async () => {
  const { sessions, handler } = noting();
  const { client, transport } = await v1Client(handler);
  await client.connect(transport);
  await client.callTool(run);
  expect(sessions[0]?.ended.aborted).toBe(false);
  await transport.terminateSession();
  expect(sessions[0]?.ended.aborted).toBe(true);
});

it('of a replica that did not open it is a resumed one', async () => {
  const secret = new Uint8Array(32).fill(7);
  const one = noting();
  const other = noting();
  const { client, transport } = await v1Client(one.handler, secret);
  await client.connect(transport);
  const { url } = await v1Client(other.handler, secret);
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-session-id': transport.sessionId ?? '',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: run }),
  });
  expect([response.status, other.sessions[0]?.isResumed]).toEqual([200, true]);
});

it('is the connection of a modern caller in memory, and none of a call in this process', async () => {
  const { sessions, handler } = noting();
  await handler(createCall('tools/call', run));
  expect(sessions).toEqual([undefined]);
  const transport = createInMemoryTransport(handler);
  const answered = new Promise((resolve) => (transport.onmessage = resolve));
  await transport.start();
  const { method, params } = createCall('tools/call', run);
  await transport.send({ jsonrpc: '2.0', id: 1, method, params: params.value });
  await answered;
  expect(sessions[1]?.ended.aborted).toBe(false);
  await transport.close();
  await expect.poll(() => sessions[1]?.ended.aborted).toBe(true);
});

it('is none where sessions are not kept', async () => {
  const { sessions, handler } = noting(() => Promise.resolve(resultReply(Payload.of({ content: [] }))));
  const server = await listenHttp(serveHttp(handler, { legacySessions: false }).handle, { port: 0 });
  onTestFinished(() => server.close());
  const client = new V1Client({ name: 'c', version: '1' });
  await client.connect(new V1Http(new URL(server.url)));
  await client.callTool(run);
  await client.close();
  expect(sessions).toEqual([undefined]);
});
