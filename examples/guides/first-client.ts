import assert from 'node:assert/strict';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const server = new MCPServerBuilder({ name: 'shop', version: '1.0.0' })
  .addTool({
    name: 'price',
    parameters: z.object({ item: z.string() }),
    output: z.object({ euros: z.number() }),
    handler: async ({ item }, context) => {
      context.progress(1, 2, 'looking');
      context.progress(2, 2, 'found');
      return { euros: item.length };
    },
  })
  .build();
const { url } = await server.listen();

// #region connect
import { MCPClientBuilder } from '@org/mcp-sdk';

const client = await new MCPClientBuilder({ name: 'assistant', version: '1.0.0' }).http(url).build();
// #endregion

// #region list
for await (const tool of client.tools.list()) console.log(tool.name, tool.description ?? '');
// #endregion

// #region call
const steps: number[] = [];
const result = await client.tools.call(
  'price',
  { item: 'lamp' },
  { onProgress: ({ progress }) => steps.push(progress), timeoutMs: 10_000 },
);
console.log(result.structuredContent);
// #endregion
assert.deepEqual(result.structuredContent, { euros: 4 });
assert.deepEqual(steps, [1, 2]);

// #region typed
import { typedClient } from '@org/mcp-sdk';

const shop = typedClient<typeof server>(client);
const { euros } = await shop.price({ item: 'chair' });
// #endregion
assert.equal(euros, 5);

await client.close();
await server.close();
