import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { createMemoryBus, createMemoryStore, MCPServerBuilder } from '@org/mcp-sdk';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { Gateway } from '../src/index.ts';

const notes = () =>
  new MCPServerBuilder({ name: 'notes', version: '1.0.0' })
    .addTool({
      name: 'rename',
      handler: async (_params, { ask, log }) => {
        const outcome = await ask(z.object({ name: z.string() }), 'What name?');
        log.info(outcome.action);
        return JSON.stringify(outcome);
      },
    })
    .addResource({ uri: 'notes:today', handler: () => 'Nothing.' })
    .build();

it('each request of an official legacy client may come to another replica of the gateway', async () => {
  const server = notes();
  const shared = { store: createMemoryStore(), bus: createMemoryBus(), secret: new Uint8Array(32).fill(3) };
  const replicas = [1, 2, 3].map(() => new Gateway({ naming: 'never', upstreams: { notes: { server } }, ...shared }));
  let turns = 0;
  const inTurn = (url: string | URL, init?: RequestInit): Promise<Response> =>
    replicas[turns++ % replicas.length]!.fetch(new Request(url, init));
  const transport = new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch: inTurn });
  const client = new Client({ name: 'roaming', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
  const logged: unknown[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
  const updated = new Promise((resolve) => {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      resolve(params.uri);
    });
  });
  await client.connect(transport);
  try {
    await client.setLoggingLevel('info');
    await client.subscribeResource({ uri: 'notes:today' });
    for (let call = 0; call < replicas.length; call++) {
      const { content } = await client.callTool({ name: 'rename' });
      expect(JSON.stringify(content)).toContain('Ada');
    }
    expect(logged).toEqual(['accept', 'accept', 'accept']);
    server.resources.updated('notes:today');
    expect(await updated).toBe('notes:today');
  } finally {
    await client.close();
    await Promise.all(replicas.map((replica) => replica.close()));
  }
});
