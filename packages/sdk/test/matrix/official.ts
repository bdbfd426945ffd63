import { Client as V2Client } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { CallExtras, Driver, ToolAnswer } from './driver.ts';

const INFO = { name: 'matrix', version: '1.0.0' };
const CAPABILITIES = { sampling: {}, roots: {}, elicitation: { form: {}, url: {} } };

const ANSWERS = {
  elicit: (mode: unknown) =>
    mode === 'url' ? { action: 'accept' as const } : { action: 'accept' as const, content: { city: 'Lisbon' } },
  sample: () => ({ model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'sampled' } }),
  roots: () => ({ roots: [{ uri: 'file:///root', name: 'root' }] }),
};

/** The official v2 client. @param mode - `auto`, or the era that it is kept to */
export async function v2Driver(transport: unknown, mode: 'auto' | 'legacy'): Promise<Driver> {
  const client = new V2Client(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', ({ params }) => ANSWERS.elicit(params.mode));
  client.setRequestHandler('sampling/createMessage', ANSWERS.sample);
  client.setRequestHandler('roots/list', ANSWERS.roots);
  await client.connect(transport as never);
  const era = mode === 'legacy' ? 'legacy' : 'modern';
  // The modern era has no level that stays: each request carries its own.
  let meta: Record<string, unknown> = {};
  return {
    ...common(client),
    era,
    call: async (name, args = {}, { onProgress, signal } = {}) =>
      answerOf(
        await client.callTool(
          { name, arguments: args, _meta: meta },
          {
            ...(signal ? { signal } : {}),
            ...(onProgress ? { onprogress: ({ progress }) => onProgress(progress) } : {}),
          },
        ),
      ),
    async listen({ uri, onTools, onUpdated }) {
      client.setNotificationHandler('notifications/tools/list_changed', onTools);
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => onUpdated(params.uri));
      if (era === 'modern') await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
    async logs(onMessage) {
      client.setNotificationHandler('notifications/message', ({ params }) => onMessage(params.data));
      if (era === 'legacy') await client.setLoggingLevel('debug');
      else meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
    },
  };
}

/** The official v1 client; it knows the legacy era only. */
export async function v1Driver(transport: unknown): Promise<Driver> {
  const client = new V1Client(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ANSWERS.elicit(params.mode));
  client.setRequestHandler(CreateMessageRequestSchema, ANSWERS.sample);
  client.setRequestHandler(ListRootsRequestSchema, ANSWERS.roots);
  await client.connect(transport as never);
  return {
    ...common(client as never),
    era: 'legacy',
    call: async (name, args = {}, { onProgress, signal }: CallExtras = {}) =>
      answerOf(
        await client.callTool({ name, arguments: args }, undefined, {
          ...(signal ? { signal } : {}),
          ...(onProgress ? { onprogress: ({ progress }) => onProgress(progress) } : {}),
        }),
      ),
    async listen({ uri, onTools, onUpdated }) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, onTools);
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => onUpdated(params.uri));
      await client.subscribeResource({ uri });
    },
    async logs(onMessage) {
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => onMessage(params.data));
      await client.setLoggingLevel('debug');
    },
  };
}

/** What both SDKs spell alike. */
function common(client: V2Client): Omit<Driver, 'era' | 'call' | 'listen' | 'logs'> {
  return {
    serverName: () => client.getServerVersion()?.name,
    ping: async () => {
      await client.ping();
    },
    tools: () =>
      pages(
        (cursor) => client.listTools(cursor),
        ({ tools }) => tools.map(({ name }) => name),
      ),
    prompts: () =>
      pages(
        (cursor) => client.listPrompts(cursor),
        ({ prompts }) => prompts.map(({ name }) => name),
      ),
    resources: () =>
      pages(
        (cursor) => client.listResources(cursor),
        ({ resources }) => resources.map(({ uri }) => uri),
      ),
    templates: () =>
      pages(
        (cursor) => client.listResourceTemplates(cursor),
        ({ resourceTemplates }) => resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      ),
    async prompt(name, args) {
      const { messages } = await client.getPrompt({ name, arguments: args });
      const content = messages[0]?.content;
      return content?.type === 'text' ? content.text : '';
    },
    async read(uri) {
      const [content] = (await client.readResource({ uri })).contents;
      return content && 'text' in content ? content.text : '';
    },
    complete: async (prompt, argument) =>
      (await client.complete({ ref: { type: 'ref/prompt', name: prompt }, argument })).completion.values,
    close: () => client.close(),
  };
}

async function pages<P extends { nextCursor?: string | undefined }>(
  load: (cursor: { cursor?: string }) => Promise<P>,
  read: (page: P) => string[],
): Promise<string[]> {
  const names: string[] = [];
  let page = await load({});
  names.push(...read(page));
  while (page.nextCursor !== undefined) {
    page = await load({ cursor: page.nextCursor });
    names.push(...read(page));
  }
  return names;
}

function answerOf(result: object): ToolAnswer {
  const { content, structuredContent, isError } = result as {
    content?: { text?: string }[];
    structuredContent?: unknown;
    isError?: boolean;
  };
  return { text: content?.[0]?.text ?? '', structured: structuredContent, isError: isError === true };
}
