import { MCPServerBuilder, Payload, resultReply, type JsonObject, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';
import { completions, extensionOf, ownUri, SHARED, type World } from './world.ts';

/** An upstream of the modern era, made with our builder: official servers in this process speak the legacy era only. */
export function ownUpstream(world: World): MCPServer {
  const { name } = world;
  const complete = (value: string): string[] => completions(name, value);
  const server: MCPServer = addAskingTools(
    addTools(new MCPServerBuilder({ name, version: '1.0.0', pageSize: 3 }), world),
    world,
  )
    .addPrompt({
      name: 'greet',
      parameters: z.object({ who: z.string() }),
      complete: { who: complete },
      handler: ({ who }) => `${name}: hello, ${who}!`,
    })
    .addResource({ uri: SHARED, handler: () => `${name} has it` })
    .addResource({ uri: ownUri(name), handler: () => `${name} has it` })
    .addResource({
      uriTemplate: 'matrix://item/{id}',
      name: 'item',
      complete: { id: complete },
      handler: (uri: string) => `${name} has ${uri}`,
    })
    .extend({
      name: extensionOf(name),
      methods: {
        [`${extensionOf(name)}/poke`]: async ({ method, params }) => {
          world.notified(method, params.value);
          return resultReply(Payload.of<JsonObject>({}));
        },
      },
    })
    .build();
  world.join((hasExtra) => {
    if (hasExtra) server.tools.add({ name: 'extra', handler: () => 'extra' });
    else server.tools.get('extra')?.remove();
    for (const uri of [SHARED, ownUri(name)]) server.resources.updated(uri);
  });
  return server;
}

function addTools(builder: MCPServerBuilder, world: World): MCPServerBuilder {
  const { name } = world;
  return builder
    .addTool({
      name: 'echo',
      parameters: z.object({ text: z.string() }),
      output: z.object({ text: z.string() }),
      handler: ({ text }) => ({
        content: [{ type: 'text' as const, text: `${name}: ${text}` }],
        structuredContent: { text },
      }),
    })
    .addTool({ name: 'fail', handler: () => Promise.reject(new Error(`${name} is out of tea`)) })
    .addTool({
      name: 'count',
      parameters: z.object({ to: z.number() }),
      handler: ({ to }, context) => {
        for (let done = 1; done <= to; done++) context.progress(done, to);
        return `${name} counted`;
      },
    })
    .addTool({
      name: 'tell',
      handler: (_params, { log }) => {
        log.info(`${name} told`);
        return 'told';
      },
    })
    .addTool({
      name: 'hang',
      parameters: z.object({ id: z.string() }),
      handler: ({ id }, { signal }) => world.hang(id, signal),
    })
    .addTool({
      name: 'saw',
      parameters: z.object({ id: z.string(), what: z.string() }),
      handler: ({ id, what }) => world.saw(id, what),
    })
    .addTool({ name: 'change', handler: () => world.change() });
}

function addAskingTools(builder: MCPServerBuilder, { name }: World): MCPServerBuilder {
  return builder
    .addTool({
      name: 'ask',
      handler: async (_params, { ask }) => {
        const answer = await ask(z.object({ city: z.string() }), `${name} asks: where to?`);
        return `${name}: ${answer.action === 'accept' ? answer.content.city : answer.action}`;
      },
    })
    .addTool({
      name: 'sample',
      handler: async (_params, { sample }) => {
        const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
        const { content } = await sample({ messages, maxTokens: 10 });
        return `${name}: ${!Array.isArray(content) && content.type === 'text' ? content.text : ''}`;
      },
    })
    .addTool({
      name: 'roots',
      handler: async (_params, { roots }) => `${name}: ${(await roots()).map(({ uri }) => uri).join(' ')}`,
    });
}
