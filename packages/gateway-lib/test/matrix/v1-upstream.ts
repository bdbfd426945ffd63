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
import { completions, extensionOf, ownUri, SHARED, type World } from './world.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });

/** An upstream of the legacy era, made with the official v1 SDK. */
export function v1Upstream(world: World): McpServer {
  const server = new McpServer(
    { name: world.name, version: '1.0.0' },
    {
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        experimental: { [extensionOf(world.name)]: {} },
      },
    },
  );
  addTools(server, world);
  addAskingTools(server, world);
  addRest(server, world);
  addChanges(server, world);
  server.server.fallbackNotificationHandler = async ({ method, params }) => {
    world.notified(method, params);
  };
  return server;
}

function addTools(server: McpServer, world: World): void {
  const { name } = world;
  const echo = { inputSchema: { text: z.string() }, outputSchema: { text: z.string() } };
  server.registerTool('echo', echo, ({ text }) => ({ ...say(`${name}: ${text}`), structuredContent: { text } }));
  server.registerTool('fail', {}, () => Promise.reject(new Error(`${name} is out of tea`)));
  server.registerTool('count', { inputSchema: { to: z.number() } }, async ({ to }, extra) => {
    for (let progress = 1; progress <= to; progress++)
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken: extra._meta?.progressToken ?? '', progress, total: to },
      });
    return say(`${name} counted`);
  });
  server.registerTool('tell', {}, async (extra: Extra) => {
    const data = `${name} told`;
    await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
    return say('told');
  });
  server.registerTool('hang', { inputSchema: { id: z.string() } }, async ({ id }, { signal }) =>
    say(await world.hang(id, signal)),
  );
  server.registerTool('saw', { inputSchema: { id: z.string(), what: z.string() } }, async ({ id, what }) =>
    say(await world.saw(id, what)),
  );
}

function addAskingTools(server: McpServer, { name }: World): void {
  server.registerTool('ask', {}, async (extra: Extra) => {
    const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
    const params = { message: `${name} asks: where to?`, requestedSchema };
    const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return say(`${name}: ${String(content?.city)}`);
  });
  server.registerTool('sample', {}, async (extra: Extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
    const params = { messages, maxTokens: 10 };
    const { content } = await extra.sendRequest(
      { method: 'sampling/createMessage', params },
      CreateMessageResultSchema,
    );
    return say(`${name}: ${content.type === 'text' ? content.text : ''}`);
  });
  server.registerTool('roots', {}, async (extra: Extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return say(`${name}: ${roots.map(({ uri }) => uri).join(' ')}`);
  });
}

function addRest(server: McpServer, { name }: World): void {
  const who = completable(z.string(), (value) => completions(name, value));
  server.registerPrompt('greet', { argsSchema: { who } }, (args) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `${name}: hello, ${args.who}!` } }],
  }));
  for (const uri of [SHARED, ownUri(name)])
    server.registerResource(uri, uri, {}, () => ({ contents: [{ uri, text: `${name} has it` }] }));
  const template = new ResourceTemplate('matrix://item/{id}', {
    list: undefined,
    complete: { id: (value) => completions(name, value) },
  });
  server.registerResource('item', template, {}, ({ href }) => ({
    contents: [{ uri: href, text: `${name} has ${href}` }],
  }));
}

function addChanges(server: McpServer, world: World): void {
  const watched = new Set<string>();
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
  const extra = server.registerTool('extra', {}, () => say('extra'));
  if (!world.hasExtra) extra.disable();
  const leave = world.join((hasExtra) => {
    if (hasExtra) extra.enable();
    else extra.disable();
    for (const uri of watched) void server.server.sendResourceUpdated({ uri }).catch(() => undefined);
  });
  server.server.onclose = leave;
  server.registerTool('change', {}, () => say(world.change()));
}
