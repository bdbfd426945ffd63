import assert from 'node:assert/strict';
import { MCPClientBuilder } from '@org/mcp-sdk';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';

const server = new McpServer({ name: 'travel', version: '1.0.0' });
server.registerTool('book', {}, async ({ sendRequest }) => {
  const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
  const params = { message: 'Where to?', requestedSchema };
  const { content } = await sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
  return { content: [{ type: 'text', text: `Booked: ${String(content?.city)}` }] };
});

// #region ask
import { Gateway } from '@org/mcp-gateway';

const gateway = new Gateway({ upstreams: { travel: { server } } });

const client = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' })
  .inMemory(gateway)
  .onElicit(() => ({ action: 'accept', content: { city: 'Lisbon' } }))
  .build();
const booked = await client.tools.call('travel_book');
// #endregion
assert.deepEqual(booked.content, [{ type: 'text', text: 'Booked: Lisbon' }]);
await client.close();
await gateway.close();

// #region isolate
const isolated = new Gateway({
  upstreams: {
    browser: { command: 'npx', args: ['-y', '@playwright/mcp'], isolation: 'session' },
    notes: { url: 'https://notes.example.com/mcp', isolation: 'principal' },
    files: { command: 'npx', args: ['-y', 'a-file-server'], roots: [{ uri: 'file:///srv/shared', name: 'shared' }] },
    desk: { command: 'npx', args: ['-y', 'a-desk-server'], clientCapabilities: { elicitation: { form: {} } } },
  },
});
// #endregion
// Nothing was started: the first call or list does that.
assert.deepEqual(new Set(isolated.status().map(({ endpoints }) => endpoints[0]?.state)), new Set(['idle']));
await isolated.close();
