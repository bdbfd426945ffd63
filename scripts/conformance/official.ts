// The same server as backend.ts, made with the official SDK v2. It serves both eras as that SDK does: modern requests and
// legacy ones without sessions, each by an instance of its own.
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import {
  completable,
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  McpServer,
  ResourceTemplate,
  type McpHttpHandler,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { audio, CONTACT, image, LOG_LINES, pause, PNG, resource, STEPS, text } from './content.ts';
import { listening } from './listening.ts';
import { addOfficialAsking, type RequestStates } from './official-asking.ts';

/** What all instances share. */
interface World {
  readonly notify: McpHttpHandler['notify'];
  readonly states: RequestStates;
  /** How often a list has changed: descriptions tell, so that callers of a gateway see it. */
  readonly changes: { tools: number; prompts: number };
}

/** Listens on a free port. @returns the URL */
export function listenOfficial(): Promise<string> {
  const states: RequestStates = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });
  const changes = { tools: 0, prompts: 0 };
  const handler = createMcpHandler(() => createOfficial({ notify: handler.notify, states, changes }));
  const listener = getRequestListener((request) => handler.fetch(request), { overrideGlobalObjects: false });
  return listening(createServer((req, res) => void listener(req, res)));
}

function createOfficial(world: World): McpServer {
  const server = new McpServer(
    { name: 'official', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: (state, context) => world.states.verify(state, context) },
    },
  );
  addContentTools(server, world);
  addTellingTools(server);
  addTriggers(server, world);
  addResources(server);
  addPrompts(server, world);
  addOfficialAsking(server, world.states);
  return server;
}

const content = (
  ...blocks: (ReturnType<typeof text> | typeof image | typeof audio | ReturnType<typeof resource>)[]
) => ({
  content: blocks,
});

function addContentTools(server: McpServer, { changes }: World): void {
  const simple = { description: `simple text, changed ${changes.tools} times` };
  server.registerTool('test_simple_text', simple, () => content(text('This is a simple text response for testing.')));
  server.registerTool('test_image_content', { description: 'image content' }, () => content(image));
  server.registerTool('test_audio_content', { description: 'audio content' }, () => content(audio));
  server.registerTool('test_embedded_resource', { description: 'embedded resource' }, () =>
    content(resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
  );
  server.registerTool('test_multiple_content_types', { description: 'multiple content types' }, () =>
    content(
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ),
  );
  server.registerTool('test_error_handling', { description: 'error handling' }, () =>
    Promise.reject(new Error('This tool intentionally returns an error for testing')),
  );
  server.registerTool('test_streaming_elicitation', { description: 'streaming elicitation' }, () =>
    content(text('done')),
  );
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'json schema 2020 12 tool', inputSchema: fromJsonSchema(CONTACT) },
    (given) => content(text(`Called with ${JSON.stringify(given)}`)),
  );
  const region = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), query: z.string().optional() });
  server.registerTool('test_header_tool', { description: 'header tool', inputSchema: region }, (given) =>
    content(text(given.region)),
  );
}

function addTellingTools(server: McpServer): void {
  const tellLogs = async ({ mcpReq }: ServerContext) => {
    for (const line of LOG_LINES) {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the suite asks for what the specification has deprecated
      await mcpReq.log('info', line);
      await pause();
    }
    return content(text('Tool with logging executed successfully'));
  };
  server.registerTool('test_tool_with_logging', { description: 'tool with logging' }, tellLogs);
  server.registerTool('test_logging_tool', { description: 'logging tool' }, tellLogs);
  server.registerTool(
    'test_tool_with_progress',
    { description: 'tool with progress' },
    async ({ mcpReq }: ServerContext) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : STEPS) {
        const message = `Completed step ${progress} of 100`;
        const params = { progressToken: progressToken ?? '', progress, total: 100, message };
        await mcpReq.notify({ method: 'notifications/progress', params });
        await pause();
      }
      return content(text('done'));
    },
  );
  server.registerTool('test_reconnection', { description: 'reconnection' }, async () => {
    await pause(1_500);
    return content(text('Reconnection test completed successfully.'));
  });
}

function addTriggers(server: McpServer, { notify, changes }: World): void {
  server.registerTool('test_trigger_tool_change', { description: 'trigger tool change' }, () => {
    changes.tools++;
    notify.toolsChanged();
    return content(text('changed'));
  });
  server.registerTool('test_trigger_prompt_change', { description: 'trigger prompt change' }, () => {
    changes.prompts++;
    notify.promptsChanged();
    return content(text('changed'));
  });
}

function addResources(server: McpServer): void {
  for (const [name, uri, mimeType, body] of [
    ['static-text', 'test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' }],
    ['static-binary', 'test://static-binary', 'image/png', { blob: PNG }],
    ['watched', 'test://watched-resource', 'text/plain', { text: 'watched' }],
  ] as const)
    server.registerResource(name, uri, { mimeType }, () => ({ contents: [{ uri, mimeType, ...body }] }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const mimeType = 'application/json';
  server.registerResource('template', template, { mimeType }, ({ href }, { id }) => {
    const found = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` });
    return { contents: [{ uri: href, mimeType, text: found }] };
  });
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}

const fromUser = (...blocks: (ReturnType<typeof text> | typeof image | ReturnType<typeof resource>)[]) => ({
  messages: blocks.map((block) => ({ role: 'user' as const, content: block })),
});

function addPrompts(server: McpServer, { changes }: World): void {
  const simple = { description: `simple prompt, changed ${changes.prompts} times` };
  server.registerPrompt('test_simple_prompt', simple, () => fromUser(text('This is a simple prompt for testing.')));
  const places = completable(z.string().describe('First'), (typed) =>
    ['paris', 'park', 'party'].filter((value) => value.startsWith(typed)),
  );
  const two = {
    description: 'prompt with arguments',
    argsSchema: z.object({ arg1: places, arg2: z.string().describe('Second') }),
  };
  server.registerPrompt('test_prompt_with_arguments', two, ({ arg1, arg2 }) =>
    fromUser(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  const one = {
    description: 'prompt with embedded resource',
    argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
  };
  server.registerPrompt('test_prompt_with_embedded_resource', one, ({ resourceUri }) =>
    fromUser(
      resource(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
      text('Please process the embedded resource above.'),
    ),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'prompt with image' }, () =>
    fromUser(image, text('Please analyze the image above.')),
  );
}
