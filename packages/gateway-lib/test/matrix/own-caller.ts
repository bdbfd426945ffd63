import { MCPClientBuilder, type Era, type MCPClient } from '@org/mcp-sdk';
import type { CallExtras, Driver, ToolAnswer } from './driver.ts';
import type { Place } from './place.ts';

/** A caller that is the client of our SDK. */
export async function ownCaller(place: Place, era: Era): Promise<Driver> {
  let onLog = (_data: unknown): void => undefined;
  const builder = new MCPClientBuilder({ name: 'matrix', version: '1.0.0' })
    .era(era)
    .onElicit(({ message }) => ({ action: 'accept', content: { city: `Lisbon for ${message}` } }))
    .onSample(() => ({ model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled' } }))
    .roots([{ uri: 'file:///root', name: 'root' }])
    .onLog(({ data }) => {
      onLog(data);
    }, 'debug');
  const client = await reach(builder, place).build();
  return {
    era: client.era,
    losesProgress: false,
    ...read(client),
    server: () => ({ name: String(client.server.serverInfo?.name), capabilities: client.server.capabilities }),
    ping: () => client.ping(),
    call: (name, args = {}, extras = {}) => call(client, { name, args, extras }),
    notify: (method, params) => client.notify(method, params),
    async listen({ uris, onTools, onUpdated }) {
      const subscription = await client.subscribe({ tools: true, uris });
      void (async () => {
        for await (const change of subscription) {
          if (change.kind === 'tools') onTools();
          if (change.kind === 'resource') onUpdated(change.uri);
        }
      })();
      return async () => {
        subscription.close();
      };
    },
    async logs(onMessage) {
      onLog = onMessage;
    },
    close: () => client.close(),
  };
}

type Reading = Pick<Driver, 'tools' | 'prompts' | 'prompt' | 'resources' | 'templates' | 'read' | 'complete'>;

const read = (client: MCPClient): Reading => ({
  tools: async () => (await client.tools.list().toArray()).map(({ name }) => name),
  prompts: async () => (await client.prompts.list().toArray()).map(({ name }) => name),
  async prompt(name, args) {
    const { messages } = await client.prompts.get(name, args);
    const content = messages[0]?.content;
    return content?.type === 'text' ? content.text : '';
  },
  resources: async () => (await client.resources.list().toArray()).map(({ uri }) => uri),
  templates: async () => (await client.resources.templates().toArray()).map(({ uriTemplate }) => uriTemplate),
  async read(uri) {
    const [content] = (await client.resources.read(uri)).contents;
    return content && 'text' in content ? content.text : '';
  },
  complete: (ref, argument) => client.complete({ ref, argument }),
});

async function call(
  client: MCPClient,
  { name, args, extras: { onProgress, signal } }: { name: string; args: Record<string, unknown>; extras: CallExtras },
): Promise<ToolAnswer> {
  const result = await client.tools.call(name, args, {
    ...(onProgress
      ? {
          onProgress: ({ progress }) => {
            onProgress(progress);
          },
        }
      : {}),
    ...(signal ? { signal } : {}),
  });
  const [content] = result.content;
  return {
    text: content?.type === 'text' ? content.text : '',
    structured: result.structuredContent,
    isError: result.isError === true,
  };
}

function reach(builder: MCPClientBuilder, place: Place): MCPClientBuilder {
  switch (place.kind) {
    case 'http':
      return builder.http(place.url);
    case 'socket':
      return builder.webSocket(place.url);
    case 'stdio':
      return builder.stdio(place.command, place.args);
    case 'memory':
      return builder.inMemory(place.gateway);
  }
}
