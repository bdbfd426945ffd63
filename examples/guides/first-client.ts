import assert from 'node:assert/strict';
import { MCPServerBuilder } from '@org/mcp-sdk';

const items = ['lamp', 'ladder', 'chair'];
const server = new MCPServerBuilder({ name: 'shop', version: '1.0.0' })
  .addTool({
    name: 'price',
    parameters: z.object({ item: z.string() }),
    output: z.object({ euros: z.number() }),
    handler: async ({ item }, context) => {
      context.progress(1, 2, 'looking');
      context.progress(2, 2, 'found');
      if (!items.includes(item)) throw new Error(`There is no ${item}.`);
      return { euros: item.length };
    },
  })
  .addPrompt({
    name: 'advertise',
    parameters: z.object({ item: z.string(), tone: z.string() }),
    complete: { item: (typed) => items.filter((item) => item.startsWith(typed)) },
    handler: ({ item, tone }) => `Praise the ${item}, in a ${tone} tone.`,
  })
  .build();
const { url } = await server.listen();

// #region connect
import { MCPClientBuilder } from '@org/mcp-sdk';

const client = await new MCPClientBuilder({ name: 'assistant', version: '1.0.0' }).http(url).build();
// #endregion

const address = url.replace('http:', 'ws:');
// #region socket
const overSocket = await new MCPClientBuilder({ name: 'assistant', version: '1.0.0' }).webSocket(address).build();
// #endregion
assert.equal(overSocket.server.serverInfo?.name, 'shop');
await overSocket.close();

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

// #region output
import { z } from 'zod';

const output = z.object({ euros: z.number() });
const { isError, structuredContent } = await client.tools.call('price', { item: 'lamp' }, { output });
if (!isError && structuredContent) console.log(structuredContent.euros);
// #endregion

// #region errors
import { McpError, RemoteError } from '@org/mcp-sdk';

async function priceOf(item: string): Promise<string> {
  try {
    const { isError, content } = await client.tools.call('price', { item });
    return isError ? `the tool failed: ${JSON.stringify(content)}` : 'there is a price';
  } catch (thrown) {
    if (thrown instanceof RemoteError) return `the server answered ${thrown.rpc.code}: ${thrown.message}`;
    if (thrown instanceof McpError) return `it was ${thrown.code} here: ${thrown.message}`;
    throw thrown;
  }
}
// #endregion

// #region complete
const ref = { type: 'ref/prompt', name: 'advertise' } as const;
const suggestions = await client.complete({
  ref,
  argument: { name: 'item', value: 'la' },
  context: { arguments: { tone: 'warm' } },
});
console.log(suggestions);
// #endregion
assert.deepEqual(
  suggestions,
  ['lamp', 'ladder'].filter((item) => item.startsWith('la')),
);

// #region typed
import { typedClient } from '@org/mcp-sdk';

const shop = typedClient<typeof server>(client);
const { euros } = await shop.price({ item: 'chair' });
// #endregion
assert.equal(euros, 5);
await assert.rejects(shop.price({ item: 'sofa' }), { code: 'invalid_params', message: 'There is no sofa.' });

assert.equal(await priceOf('lamp'), 'there is a price');
assert.match(await priceOf('sofa'), /^the tool failed: .*There is no sofa/);
server.tools.get('price')?.remove();
assert.equal(await priceOf('lamp'), 'the server answered -32602: Unknown tool: price');
await server.close();
assert.match(await priceOf('lamp'), /^it was unavailable here: /);
await client.close();
