import { z } from 'zod';
import { MCPServerBuilder, type MCPServer } from '../../src/index.ts';

/** A server with one of everything, for the tests that talk to one. */
export function demoServer(onCancel: () => void = () => undefined): MCPServer {
  let release = (_result: string): void => undefined;
  return (
    new MCPServerBuilder({ name: 'demo', version: '1.2.3', title: 'Demo', instructions: 'Be kind.' })
      .addTool({
        name: 'greet',
        description: 'Greets',
        parameters: z.object({ name: z.string().describe('who') }),
        handler: ({ name }) => `Hello, ${name}!`,
      })
      .addTool({ name: 'number', handler: () => 42 })
      .addTool({ name: 'object', handler: () => ({ a: [1, 'é'] }) })
      .addTool({
        name: 'full',
        handler: () => ({
          content: [{ type: 'text', text: 'all of it' }],
          structuredContent: { n: 1 },
          _meta: { own: true },
        }),
      })
      .addTool({
        name: 'progress',
        handler: (_params, context) => {
          for (const done of [1, 1, 2]) context.progress(done, 2, 'step');
          return new Promise<string>((resolve) => (release = resolve));
        },
      })
      // Official clients lose progress that comes in one read with the result, so the client says when.
      .addTool({ name: 'release', handler: () => (release('done'), 'released') })
      .addTool({
        name: 'wait',
        handler: (_params, { signal }) =>
          new Promise<string>((resolve) => {
            signal.addEventListener('abort', () => {
              onCancel();
              resolve('cancelled');
            });
          }),
      })
      .addTool({ name: 'fail', handler: () => Promise.reject(new Error('out of tea')) })
      .addPrompt({
        name: 'ask',
        parameters: z.object({ topic: z.string() }),
        handler: ({ topic }) => `About ${topic}?`,
      })
      .addResource({ uri: 'demo://text', mimeType: 'text/plain', handler: () => 'content' })
      .addResource({ uri: 'demo://bytes', name: 'bytes', handler: () => new Uint8Array([1, 2, 255]) })
      .build()
  );
}
