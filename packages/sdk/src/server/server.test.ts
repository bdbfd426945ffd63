import { expect, test } from 'vitest';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { Fact } from '../core/telemetry.ts';
import { MCPServerBuilder } from './builder.ts';
import type { MCPServer } from './server.ts';

const call = (id: number, method: string, params: JsonObject = {}): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method,
  params: createCall(method, params).params.value,
});

/** Sends a message and returns what is answered. */
type Send = (message: JsonObject) => Promise<JsonObject>;

async function inMemory(server: MCPServer): Promise<Send> {
  const transport = server.connect();
  await transport.start();
  return async (message) => {
    const answer = new Promise<JsonObject>((resolve) => (transport.onmessage = resolve));
    await transport.send(message);
    return answer;
  };
}

test('what is wrong with a call in memory is told, and its limits hold, as over HTTP', async () => {
  const facts: Fact[] = [];
  const server = new MCPServerBuilder({
    name: 's',
    version: '1.0.0',
    telemetry: { record: (fact) => void facts.push(fact) },
    limits: { maxDepth: 8 },
  })
    .use(() => () => Promise.reject(new Error('broken middleware')))
    .build();
  const send = await inMemory(server);
  expect(await send(call(1, 'tools/list'))).toMatchObject({ id: 1, error: { message: 'Internal error.' } });
  expect(facts).toMatchObject([{ name: 'call.failed', fields: { message: 'broken middleware' } }]);
  const deep = JSON.parse(`${'['.repeat(10)}${']'.repeat(10)}`) as unknown;
  expect(await send(call(2, 'tools/call', { name: 't', arguments: { deep } }))).toMatchObject({
    id: 2,
    error: { code: -32600 },
  });
});
