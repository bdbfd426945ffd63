import assert from 'node:assert/strict';

// #region counter
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const server = new MCPServerBuilder({ name: 'counter', version: '1.0.0' })
  .addTool({
    name: 'count',
    description: 'Counts to a number, one step a second.',
    parameters: z.object({ to: z.int().min(1).max(60) }),
    handler: async ({ to }, { signal, progress }) => {
      for (let step = 1; step <= to; step++) {
        signal.throwIfAborted();
        progress(step, to);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      return `counted to ${to}`;
    },
  })
  .addResource({ uri: 'counter://about', handler: () => 'It counts.' })
  .build();

const { url } = await server.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`Listening on ${url}`);
// #endregion

// #region client
import { MCPClientBuilder } from '@org/mcp-sdk';

const client = await new MCPClientBuilder({ name: 'app', version: '1.0.0' }).http(url).build();
const result = await client.tools.call('count', { to: 2 }, { onProgress: ({ progress }) => console.log(progress) });
// #endregion
assert.deepEqual(result.content, [{ type: 'text', text: 'counted to 2' }]);

await client.close();
await server.close();
