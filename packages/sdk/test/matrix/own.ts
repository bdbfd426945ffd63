import { MCPClientBuilder, type Era } from '../../src/index.ts';
import type { Driver } from './driver.ts';
import type { OwnPlace } from './place.ts';

/** The client of this package. */
export async function ownDriver(place: OwnPlace, era: Era): Promise<Driver> {
  let onLog = (_data: unknown): void => undefined;
  const builder = new MCPClientBuilder({ name: 'matrix', version: '1.0.0' })
    .era(era === 'legacy' ? 'legacy' : 'auto')
    .onElicit(({ mode }) => (mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { city: 'Lisbon' } }))
    .onSample(() => ({ model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled' } }))
    .roots([{ uri: 'file:///root', name: 'root' }])
    .onLog(({ data }) => {
      onLog(data);
    }, 'debug');
  const client = await reach(builder, place).build();
  return {
    era: client.era,
    serverName: () => String(client.server.serverInfo?.name),
    ping: () => client.ping(),
    tools: async () => (await client.tools.list().toArray()).map(({ name }) => name),
    async call(name, args = {}, { onProgress, signal } = {}) {
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
    },
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
    complete: (prompt, argument) => client.complete({ ref: { type: 'ref/prompt', name: prompt }, argument }),
    async listen({ uri, onTools, onUpdated }) {
      const subscription = await client.subscribe({ tools: true, uris: [uri] });
      void (async () => {
        for await (const change of subscription) {
          if (change.kind === 'tools') onTools();
          if (change.kind === 'resource') onUpdated(change.uri);
        }
      })();
    },
    logs(onMessage) {
      onLog = onMessage;
      return Promise.resolve();
    },
    close: () => client.close(),
  };
}

function reach(builder: MCPClientBuilder, place: OwnPlace): MCPClientBuilder {
  switch (place.kind) {
    case 'http':
    case 'sse':
      return builder.http(place.url);
    case 'socket':
      return builder.webSocket(place.url);
    case 'stdio':
      return builder.stdio(place.command, place.args, { cwd: place.cwd });
    case 'memory':
    case 'official':
      return builder.inMemory(place.server);
  }
}
