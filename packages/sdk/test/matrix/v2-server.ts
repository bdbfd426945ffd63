import {
  acceptedContent,
  completable,
  inputRequired,
  inputResponse,
  McpServer,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { WATCHED } from './reference-server.ts';
import type { World } from './world.ts';

const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });

/** Tells subscribers of a change, where the instance that changed does not do so itself. */
export interface Announce {
  toolsChanged(): void;
  resourceUpdated(uri: string): void;
}

/** The reference server, made with the official v2 SDK. @param announce - @defaultValue the instance tells its own client */
export function v2ReferenceServer(world: World, announce?: Announce): McpServer {
  const server = new McpServer(
    { name: 'reference', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        completions: {},
        logging: {},
      },
    },
  );
  addTools(server, world);
  addAskingTools(server);
  addRest(server);
  const added = (): void => void server.registerTool('added', {}, () => say('new'));
  if (world.grown) added();
  server.registerTool('change', {}, async () => {
    world.grown = true;
    if (announce) {
      announce.toolsChanged();
      announce.resourceUpdated(WATCHED);
    } else {
      added();
      await server.server.sendResourceUpdated({ uri: WATCHED });
    }
    return say('changed');
  });
  return server;
}

function addTools(server: McpServer, world: World): void {
  const echo = { inputSchema: z.object({ text: z.string() }), outputSchema: z.object({ text: z.string() }) };
  server.registerTool('echo', echo, ({ text }) => ({ ...say(JSON.stringify({ text })), structuredContent: { text } }));
  server.registerTool('fail', {}, () => Promise.reject(new Error('out of tea')));
  server.registerTool('count', { inputSchema: z.object({ to: z.number() }) }, async ({ to }, { mcpReq }) => {
    for (let progress = 1; progress <= to; progress++)
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken: mcpReq._meta?.progressToken ?? '', progress, total: to },
      });
    return say('counted');
  });
  server.registerTool('tell', {}, async (ctx: ServerContext) => {
    await ctx.mcpReq.log('info', 'told');
    return say('told');
  });
  server.registerTool('hang', {}, async (ctx: ServerContext) => say(await world.hang(ctx.mcpReq.signal)));
  server.registerTool('was-cancelled', {}, async () => say(await world.wasCancelled()));
}

/** Each asks in its result; to a legacy client the SDK sends requests instead. */
function addAskingTools(server: McpServer): void {
  const city = z.object({ city: z.string() });
  server.registerTool('ask', {}, ({ mcpReq }: ServerContext) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'it', city);
    if (answer) return say(answer.city);
    return inputRequired({
      inputRequests: { it: inputRequired.elicit({ message: 'Where to?', requestedSchema: city }) },
    });
  });
  server.registerTool('sample', {}, ({ mcpReq }: ServerContext) => {
    const answer = inputResponse(mcpReq.inputResponses, 'it');
    if (answer.kind === 'sampling') return say(JSON.stringify(answer.result.content));
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
    return inputRequired({ inputRequests: { it: inputRequired.createMessage({ messages, maxTokens: 10 }) } });
  });
  server.registerTool('roots', {}, ({ mcpReq }: ServerContext) => {
    const answer = inputResponse(mcpReq.inputResponses, 'it');
    if (answer.kind === 'roots') return say(answer.roots.map(({ uri }) => uri).join(' '));
    return inputRequired({ inputRequests: { it: inputRequired.listRoots() } });
  });
}

function addRest(server: McpServer): void {
  const name = completable(z.string(), (value) => ['ada', 'alan', 'grace'].filter((one) => one.startsWith(value)));
  server.registerPrompt('greet', { argsSchema: z.object({ name }) }, (args) => ({
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
  // The SDK keeps no subscriptions of legacy clients: every update is told to everyone.
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
