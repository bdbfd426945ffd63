import assert from 'node:assert/strict';

// #region shop
import { MCPClientBuilder, MCPServerBuilder, typedClient } from '@org/mcp-sdk';
import { z } from 'zod';

const server = new MCPServerBuilder({ name: 'shop', version: '1.0.0' })
  .addTool({
    name: 'price',
    parameters: z.object({ item: z.string() }),
    output: z.object({ euros: z.number() }),
    handler: ({ item }) => ({ euros: item.length }),
  })
  .build();
const { url } = await server.listen();

const client = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' }).http(url).build();
const { euros } = await typedClient<typeof server>(client).price({ item: 'lamp' });
// #endregion
assert.equal(euros, 4);

await client.close();
await server.close();
