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
import { completions, extensionOf, ownUri, SHARED, type World } from './world.ts';

const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });

/**
 * An upstream of the modern era, made with the official v2 SDK.
 * @param lifetime - `request` if each request has an instance of its own, which nobody listens to
 */
export function v2Upstream(world: World, lifetime: 'request' | 'connection'): McpServer {
  const server = new McpServer(
    { name: world.name, version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        completions: {},
        logging: {},
        extensions: { [extensionOf(world.name)]: {} },
      },
    },
  );
  addTools(server, world);
  addAskingTools(server, world);
  addRest(server, world);
  addChanges(server, world, lifetime);
  server.server.fallbackNotificationHandler = async ({ method, params }) => {
    world.notified(method, params);
  };
  return server;
}

function addTools(server: McpServer, world: World): void {
  const { name } = world;
  const echo = { inputSchema: z.object({ text: z.string() }), outputSchema: z.object({ text: z.string() }) };
  server.registerTool('echo', echo, ({ text }) => ({ ...say(`${name}: ${text}`), structuredContent: { text } }));
  server.registerTool('fail', {}, () => Promise.reject(new Error(`${name} is out of tea`)));
  server.registerTool('count', { inputSchema: z.object({ to: z.number() }) }, async ({ to }, { mcpReq }) => {
    for (let progress = 1; progress <= to; progress++)
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken: mcpReq._meta?.progressToken ?? '', progress, total: to },
      });
    return say(`${name} counted`);
  });
  server.registerTool('tell', {}, async (ctx: ServerContext) => {
    await ctx.mcpReq.log('info', `${name} told`);
    return say('told');
  });
  server.registerTool('hang', { inputSchema: z.object({ id: z.string() }) }, async ({ id }, { mcpReq }) =>
    say(await world.hang(id, mcpReq.signal)),
  );
  server.registerTool('saw', { inputSchema: z.object({ id: z.string(), what: z.string() }) }, async ({ id, what }) =>
    say(await world.saw(id, what)),
  );
}

/** Each asks in its result. */
function addAskingTools(server: McpServer, { name }: World): void {
  const city = z.object({ city: z.string() });
  server.registerTool('ask', {}, ({ mcpReq }: ServerContext) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'it', city);
    if (answer) return say(`${name}: ${answer.city}`);
    const question = inputRequired.elicit({ message: `${name} asks: where to?`, requestedSchema: city });
    return inputRequired({ inputRequests: { it: question } });
  });
  server.registerTool('sample', {}, ({ mcpReq }: ServerContext) => {
    const answer = inputResponse(mcpReq.inputResponses, 'it');
    if (answer.kind === 'sampling') {
      const { content } = answer.result;
      return say(`${name}: ${!Array.isArray(content) && content.type === 'text' ? content.text : ''}`);
    }
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
    return inputRequired({ inputRequests: { it: inputRequired.createMessage({ messages, maxTokens: 10 }) } });
  });
  server.registerTool('roots', {}, ({ mcpReq }: ServerContext) => {
    const answer = inputResponse(mcpReq.inputResponses, 'it');
    if (answer.kind === 'roots') return say(`${name}: ${answer.roots.map(({ uri }) => uri).join(' ')}`);
    return inputRequired({ inputRequests: { it: inputRequired.listRoots() } });
  });
}

function addRest(server: McpServer, { name }: World): void {
  const who = completable(z.string(), (value) => completions(name, value));
  server.registerPrompt('greet', { argsSchema: z.object({ who }) }, (args) => ({
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

function addChanges(server: McpServer, world: World, lifetime: 'request' | 'connection'): void {
  server.registerTool('change', {}, () => say(world.change()));
  const extra = server.registerTool('extra', {}, () => say('extra'));
  if (!world.hasExtra) extra.disable();
  if (lifetime === 'request') return;
  server.server.onclose = world.join((hasExtra) => {
    if (hasExtra) extra.enable();
    else extra.disable();
    for (const uri of [SHARED, ownUri(world.name)])
      void server.server.sendResourceUpdated({ uri }).catch(() => undefined);
  });
}
