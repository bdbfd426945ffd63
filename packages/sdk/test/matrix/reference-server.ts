import { z } from 'zod';
import { MCPServerBuilder } from '../../src/index.ts';

/** URI of the resource that rows subscribe to. */
export const WATCHED = 'matrix://watched';

/** A server with one of everything that a row of the matrix uses; its lists have more than one page. */
export function referenceServer(options: { legacySessions?: boolean; sse?: boolean } = {}) {
  const server = new MCPServerBuilder({ name: 'reference', version: '1.0.0', pageSize: 3, ...options })
    .addTool({
      name: 'echo',
      parameters: z.object({ text: z.string() }),
      output: z.object({ text: z.string() }),
      handler: ({ text }) => ({ text }),
    })
    .addTool({ name: 'fail', handler: () => Promise.reject(new Error('out of tea')) })
    .addTool({
      name: 'count',
      parameters: z.object({ to: z.number() }),
      handler: ({ to }, context) => {
        for (let done = 1; done <= to; done++) context.progress(done, to);
        return 'counted';
      },
    })
    .addTool({
      name: 'tell',
      handler: (_params, { log }) => {
        log.info('told');
        return 'told';
      },
    })
    .addTool({
      name: 'hang',
      handler: (_params, { signal }) =>
        new Promise<string>((resolve) => {
          signal.addEventListener('abort', () => {
            cancelled.emit();
            resolve('cancelled');
          });
        }),
    })
    .addTool({ name: 'was-cancelled', handler: () => cancelled.seen() })
    .addTool({
      name: 'ask',
      handler: async (_params, { ask }) => {
        const answer = await ask(z.object({ city: z.string() }), 'Where to?');
        return answer.action === 'accept' ? answer.content.city : answer.action;
      },
    })
    .addTool({
      name: 'sample',
      handler: async (_params, { sample }) => {
        const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say it.' } }];
        const { content } = await sample({ messages, maxTokens: 10 });
        return JSON.stringify(content);
      },
    })
    .addTool({
      name: 'roots',
      handler: async (_params, { roots }) => (await roots()).map(({ uri }) => uri).join(' '),
    })
    .addTool({
      name: 'change',
      handler: () => {
        built.tools.add({ name: 'added', handler: () => 'new' });
        built.resources.updated(WATCHED);
        return 'changed';
      },
    })
    .addPrompt({
      name: 'greet',
      parameters: z.object({ name: z.string() }),
      complete: { name: (value: string) => ['ada', 'alan', 'grace'].filter((name) => name.startsWith(value)) },
      handler: ({ name }) => `Hello, ${name}!`,
    })
    .addResource({ uri: WATCHED, handler: () => 'watched' })
    .addResource({ uri: 'matrix://other', handler: () => 'other' })
    .addResource({ uriTemplate: 'matrix://item/{id}', name: 'item', handler: (uri: string) => `content of ${uri}` });
  const built = server.build();
  return built;
}

/** Remembers, and tells whoever asks, that the `hang` tool was cancelled. */
const cancelled = (() => {
  let waiting: (() => void)[] = [];
  let pending = 0;
  return {
    emit(): void {
      pending++;
      waiting.forEach((resolve) => resolve());
      waiting = [];
    },
    async seen(): Promise<string> {
      if (pending === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      pending--;
      return 'yes';
    },
  };
})();
