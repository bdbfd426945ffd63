import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { settled } from './support/fake-clock.ts';
import { createCall } from '../src/core/call.ts';
import type { Middleware } from '../src/core/handler.ts';
import type { JsonObject } from '../src/core/json.ts';
import { MCPServerBuilder } from '../src/server/builder.ts';
import type { MCPServer } from '../src/server/server.ts';

const CLIENT = { name: 'tester', version: '1.0.0' };

async function legacyClient(server: MCPServer): Promise<V1Client> {
  const client = new V1Client(CLIENT, { capabilities: { elicitation: {} } });
  await client.connect(server.connect() as never);
  return client;
}

describe('middleware sees every method', () => {
  const watchedServer = (seen: string[]): MCPServer => {
    const watch: Middleware = (next) => (call) => (seen.push(`${call.era} ${call.method}`), next(call));
    return new MCPServerBuilder({ name: 's', version: '1' })
      .use(watch)
      .addTool({ name: 't', handler: () => 'x' })
      .addPrompt({ name: 'p', parameters: z.object({ a: z.string() }), handler: () => 'x' })
      .addResource({ uri: 'x://1', handler: () => 'x' })
      .extend({ name: 'com.example/x', methods: {} })
      .build();
  };
  const params: Readonly<Record<string, JsonObject>> = {
    'tools/call': { name: 't' },
    'prompts/get': { name: 'p', arguments: { a: 'x' } },
    'resources/read': { uri: 'x://1' },
    'completion/complete': { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } },
    'subscriptions/listen': { notifications: {} },
  };

  test('of the modern era, unknown ones included', async () => {
    const seen: string[] = [];
    const server = watchedServer(seen);
    const methods = [
      ...['server/discover', 'tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'resources/list'],
      ...['resources/templates/list', 'resources/read', 'completion/complete', 'subscriptions/listen'],
      ...['tasks/get', 'nobody/knows'],
    ];
    for (const method of methods)
      await server.handler(createCall(method, params[method])).then(
        (reply) => {
          reply.cancel();
        },
        () => undefined,
      );
    expect(seen).toEqual(methods.map((method) => `modern ${method}`));
  });

  test('of the legacy era, the handshake as discovery and subscriptions as listening', async () => {
    const seen: string[] = [];
    const client = await legacyClient(watchedServer(seen));
    await client.listTools();
    await client.callTool({ name: 't' });
    await client.getPrompt({ name: 'p', arguments: { a: 'x' } });
    await client.readResource({ uri: 'x://1' });
    await client.complete({ ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } });
    await client.subscribeResource({ uri: 'x://1' });
    expect([...new Set(seen)].sort()).toEqual(
      [
        ...['completion/complete', 'prompts/get', 'resources/read', 'server/discover', 'subscriptions/listen'],
        ...['tools/call', 'tools/list'],
      ].map((method) => `legacy ${method}`),
    );
    await client.close();
  });

  test('may call next again', async () => {
    let tries = 0;
    const again: Middleware = (next) => async (call) => {
      const result = (await (await next(call)).result()) as { isError?: boolean };
      return result.isError ? again(next)(call) : next(call);
    };
    const server = new MCPServerBuilder({ name: 's', version: '1' })
      .use(again)
      .addTool({
        name: 't',
        handler: () => {
          if (++tries < 3) throw new Error('busy');
          return `try ${tries}`;
        },
      })
      .build();
    const reply = await server.handler(createCall('tools/call', { name: 't' }));
    expect(await reply.result()).toMatchObject({ content: [{ text: 'try 4' }] });
  });
});

describe('a legacy caller of a server that offers nothing yet', () => {
  test('is told of the first prompt and the first resource that are added', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1' }).build();
    const client = await legacyClient(server);
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
    });
    const told: string[] = [];
    client.setNotificationHandler(PromptListChangedNotificationSchema, () => void told.push('prompts'));
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void told.push('resources'));
    server.prompts.add({ name: 'p', handler: () => 'x' });
    server.resources.add({ uri: 'x://1', handler: () => 'x' });
    while (told.length < 2) await settled();
    expect(told.sort()).toEqual(['prompts', 'resources']);
    expect((await client.listPrompts()).prompts).toMatchObject([{ name: 'p' }]);
    await client.close();
  });
});

describe('x-mcp-header', () => {
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({
      name: 't',
      parameters: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
      handler: ({ region }) => region,
    })
    .build();
  const call = async (region: string, paramHeaders?: Record<string, string>) =>
    (
      await server.handler({ ...createCall('tools/call', { name: 't', arguments: { region } }), paramHeaders })
    ).result();

  test('must say what the argument says', async () => {
    expect(await call('eu', { 'mcp-param-region': 'eu' })).toMatchObject({ content: [{ text: 'eu' }] });
    expect(await call('é', { 'mcp-param-region': '=?base64?w6k=?=' })).toMatchObject({ content: [{ text: 'é' }] });
    for (const headers of [{}, { 'mcp-param-region': 'us' }])
      await expect(call('eu', headers)).rejects.toMatchObject({ code: 'header_mismatch' });
  });

  test('is not asked of callers without HTTP', async () => {
    expect(await call('eu')).toMatchObject({ content: [{ text: 'eu' }] });
  });
});
