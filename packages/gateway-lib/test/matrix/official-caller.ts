import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Era } from '@org/mcp-sdk';
import { WebSocketTransport } from '../support/web-socket.ts';
import type { Driver } from './driver.ts';
import type { Place } from './place.ts';

/** A caller that is the official v2 client, kept to one era. */
export async function officialCaller(place: Place, era: Era): Promise<Driver> {
  const client = new Client(
    { name: 'matrix', version: '1.0.0' },
    {
      capabilities: { sampling: {}, roots: {}, elicitation: { form: {} } },
      versionNegotiation: { mode: era === 'legacy' ? 'legacy' : { pin: '2026-07-28' } },
    },
  );
  answerQuestions(client);
  await client.connect(transportTo(place) as never);
  // The modern era has no level that stays: each request carries its own.
  let meta: Record<string, unknown> = {};
  return {
    era,
    losesProgress: place.kind !== 'http',
    ...lists(client),
    server: () => ({ name: client.getServerVersion()?.name, capabilities: { ...client.getServerCapabilities() } }),
    async ping() {
      await client.ping();
    },
    async call(name, args = {}, { onProgress, signal } = {}) {
      const result = await client.callTool(
        { name, arguments: args, _meta: meta },
        {
          ...(signal ? { signal } : {}),
          ...(onProgress ? { onprogress: ({ progress }) => onProgress(progress) } : {}),
        },
      );
      const [content] = result.content;
      return {
        text: content?.type === 'text' ? content.text : '',
        structured: result.structuredContent,
        isError: result.isError === true,
      };
    },
    notify: (method, params) => client.notification({ method, params }),
    listen: (to) => listen(client, era, to),
    async logs(onMessage) {
      client.setNotificationHandler('notifications/message', ({ params }) => onMessage(params.data));
      if (era === 'legacy') await client.setLoggingLevel('debug');
      else meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
    },
    close: () => client.close(),
  };
}

function answerQuestions(client: Client): void {
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: { city: `Lisbon for ${params.message}` },
  }));
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///root', name: 'root' }] }));
}

function transportTo(place: Place): unknown {
  switch (place.kind) {
    case 'http':
      return new StreamableHTTPClientTransport(new URL(place.url));
    case 'socket':
      return new WebSocketTransport(place.url);
    case 'stdio':
      return new StdioClientTransport({ command: place.command, args: place.args, stderr: 'inherit' });
    case 'memory':
      return place.gateway.connect();
  }
}

type Lists = Pick<Driver, 'tools' | 'prompts' | 'prompt' | 'resources' | 'templates' | 'read' | 'complete'>;

const lists = (client: Client): Lists => ({
  tools: async () => (await client.listTools()).tools.map(({ name }) => name),
  prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
  async prompt(name, args) {
    const { messages } = await client.getPrompt({ name, arguments: args });
    const content = messages[0]?.content;
    return content?.type === 'text' ? content.text : '';
  },
  resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
  templates: async () => (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
  async read(uri) {
    const [content] = (await client.readResource({ uri })).contents;
    return content && 'text' in content ? content.text : '';
  },
  complete: async (ref, argument) => (await client.complete({ ref, argument })).completion.values,
});

async function listen(
  client: Client,
  era: Era,
  { uris, onTools, onUpdated }: Parameters<Driver['listen']>[0],
): Promise<() => Promise<void>> {
  client.setNotificationHandler('notifications/tools/list_changed', onTools);
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => onUpdated(params.uri));
  if (era === 'legacy') {
    for (const uri of uris) await client.subscribeResource({ uri });
    return async () => {
      for (const uri of uris) await client.unsubscribeResource({ uri });
    };
  }
  const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [...uris] });
  return async () => {
    await subscription.close();
  };
}
