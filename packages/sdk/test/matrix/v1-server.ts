import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { WATCHED } from './reference-server.ts';
import type { World } from './world.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });

/** The reference server, made with the official v1 SDK. */
export function v1ReferenceServer(world: World): McpServer {
  const server = new McpServer(
    { name: 'reference', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true, listChanged: true } } },
  );
  addTools(server, world);
  addAskingTools(server);
  addRest(server);
  const added = (): void => void server.registerTool('added', {}, () => say('new'));
  if (world.grown) added();
  server.registerTool('change', {}, async () => {
    world.grown = true;
    added();
    await server.server.sendResourceUpdated({ uri: WATCHED });
    return say('changed');
  });
  return server;
}

function addTools(server: McpServer, world: World): void {
  const echo = { inputSchema: { text: z.string() }, outputSchema: { text: z.string() } };
  server.registerTool('echo', echo, ({ text }) => ({ ...say(JSON.stringify({ text })), structuredContent: { text } }));
  server.registerTool('fail', {}, () => Promise.reject(new Error('out of tea')));
  server.registerTool('count', { inputSchema: { to: z.number() } }, async ({ to }, extra) => {
    for (let progress = 1; progress <= to; progress++)
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken: extra._meta?.progressToken ?? '', progress, total: to },
      });
    return say('counted');
  });
  server.registerTool('tell', {}, async (extra: Extra) => {
    await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'told' } });
    return say('told');
  });
  server.registerTool('hang', {}, async ({ signal }: Extra) => say(await world.hang(signal)));
  server.registerTool('was-cancelled', {}, async () => say(await world.wasCancelled()));
}

function addAskingTools(server: McpServer): void {
  server.registerTool('ask', {}, async (extra: Extra) => {
    const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
    const params = { message: 'Where to?', requestedSchema };
    const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return say(String(content?.city));
  });
  server.registerTool('sample', {}, async (extra: Extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
    const params = { messages, maxTokens: 10 };
    const result = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return say(JSON.stringify(result.content));
  });
  server.registerTool('roots', {}, async (extra: Extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return say(roots.map(({ uri }) => uri).join(' '));
  });
}

function addRest(server: McpServer): void {
  const name = completable(z.string(), (value) => ['ada', 'alan', 'grace'].filter((one) => one.startsWith(value)));
  server.registerPrompt('greet', { argsSchema: { name } }, (args) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello, ${args.name}!` } }],
  }));
  for (const [uri, text] of [
    [WATCHED, 'watched'],
    ['matrix://other', 'other'],
  ] as const)
    server.registerResource(text, uri, {}, () => ({ contents: [{ uri, text }] }));
  const template = new ResourceTemplate('matrix://item/{id}', { list: undefined });
  server.registerResource('item', template, {}, ({ href }) => ({
    contents: [{ uri: href, text: `content of ${href}` }],
  }));
  // The SDK keeps no subscriptions: every update is told to everyone.
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}
