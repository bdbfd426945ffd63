import type { Transport } from '../transport.ts';

/** `src/server.ts`: what the server can do, apart from how it is reached, so that a test can call it. */
export const serverSource = (name: string): string => `import { MCPServerBuilder, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';

export function createServer(): MCPServer {
  return new MCPServerBuilder({ name: '${name}', version: '0.1.0' })
    .addTool({
      name: 'greet',
      description: 'Greets someone by name.',
      parameters: z.object({ name: z.string().min(1).describe('Who to greet') }),
      handler: ({ name }) => \`Hello, \${name}!\`,
    })
    .build();
}
`;

const stdioMain = `import { createServer } from './server.js';

// Clients speak to this process over stdin and stdout: print with console.error, never with console.log.
await createServer().serveStdio();
`;

const httpMain = `import { createServer } from './server.js';

const server = createServer();
const { url } = await server.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(\`Listening on \${url}\`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
`;

/** `src/main.ts`: how the server is reached. */
export const mainSource = (transport: Transport): string => (transport === 'stdio' ? stdioMain : httpMain);

/** `src/server.test.ts`: calls the tool without any transport. */
export const serverTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCall } from '@org/mcp-sdk';
import { createServer } from './server.js';

async function callTool(name: string, args: Record<string, unknown>) {
  const reply = await createServer().handler(createCall('tools/call', { name, arguments: args }));
  return reply.result();
}

test('greet greets by name', async () => {
  const result = await callTool('greet', { name: 'Ada' });
  assert.deepEqual(result.content, [{ type: 'text', text: 'Hello, Ada!' }]);
});

test('greet refuses an empty name', async () => {
  const result = await callTool('greet', { name: '' });
  assert.equal(result.isError, true);
});
`;
