import { afterEach, expect, it } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import { startHttp } from '../../test/support/http-server.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import { MCPClientBuilder } from './builder.ts';
import type { TaskInfo } from './task-calls.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const builder = () => new MCPClientBuilder({ name: 'c', version: '1' });

/** A server that makes a task of each call, and tells the states of the task one after the other. */
function taskServer(states: JsonObject[]) {
  const seen: string[] = [];
  const answers: Record<string, () => JsonObject> = {
    'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: {} }),
    'tools/call': () => ({ resultType: 'task', taskId: 't', status: 'working' }),
    'tasks/get': () => ({ taskId: 't', ...(states.length > 1 ? states.shift() : states[0]) }),
  };
  const handler: Handler = ({ method }) => {
    seen.push(method);
    return Promise.resolve(
      resultReply(Payload.of<JsonObject>({ resultType: 'complete', ...(answers[method]?.() ?? {}) })),
    );
  };
  return { handler, seen };
}

it('a call that became a task is waited for, and its id and each change are told', async () => {
  const result = { content: [{ type: 'text', text: 'done' }] };
  const { handler } = taskServer([
    { status: 'working', pollIntervalMs: 1 },
    { status: 'working', pollIntervalMs: 1, statusMessage: '1/2' },
    { status: 'working', pollIntervalMs: 1, statusMessage: '1/2' },
    { status: 'completed', result },
  ]);
  const client = await builder().inMemory(handler).build();
  open.push(client);
  const told: unknown[] = [];
  const onTask = ({ taskId, status, statusMessage }: TaskInfo): void => {
    told.push([taskId, status, statusMessage]);
  };
  expect(await client.tools.call('t', {}, { onTask })).toEqual(result);
  expect(told).toEqual([
    ['t', 'working', undefined],
    ['t', 'working', '1/2'],
    ['t', 'completed', undefined],
  ]);
  expect(await client.tasks.wait('t')).toEqual(result);
});

it('a call that is aborted cancels its task', async () => {
  const { handler, seen } = taskServer([{ status: 'working', pollIntervalMs: 1 }]);
  const client = await builder().inMemory(handler).build();
  open.push(client);
  const controller = new AbortController();
  const call = client.tools.call('t', {}, { signal: controller.signal });
  while (!seen.includes('tasks/get')) await settled();
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  expect(seen).toContain('tasks/cancel');
});

it('a task whose call timed out goes on', async () => {
  const { handler, seen } = taskServer([{ status: 'working', pollIntervalMs: 1 }]);
  const client = await builder().inMemory(handler).build();
  open.push(client);
  await expect(client.tools.call('t', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' });
  expect(seen).not.toContain('tasks/cancel');
});

it('a verdict that is wrong by now is found out anew', async () => {
  const modern = new MCPServerBuilder({ name: 'new', version: '1' }).addTool({ name: 't', handler: () => 'x' }).build();
  let isLegacy = true;
  const server = await startHttp((req, res) => {
    void (async () => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      const message: unknown = JSON.parse(body);
      const { method, id }: JsonObject = isJsonObject(message) ? message : {};
      if (id === undefined) return res.writeHead(202).end();
      const initialized = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 'old', version: '1' },
      };
      const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };
      const known = isLegacy ? method === 'initialize' : method === 'server/discover';
      const member = known
        ? { result: isLegacy ? initialized : discovered }
        : { error: { code: -32601, message: 'Method not found' } };
      return res
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...member }));
    })();
  });
  open.push(modern, server);
  const same = builder().http(server.url);
  const first = await same.build();
  expect(first.era).toBe('legacy');
  await first.close();
  isLegacy = false;
  const second = await same.build();
  open.push(second);
  expect(second.era).toBe('modern');
  await second.ping();
});

it.each(['modern', 'legacy'] as const)('log messages that fit two running calls of a %s pipe are told', async (era) => {
  const waiting: (() => void)[] = [];
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({
      name: 'tell',
      handler: async (_params, { log }) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        log.info('told');
        return 'told';
      },
    })
    .build();
  const heard: unknown[] = [];
  const client = await builder()
    .era(era)
    .inMemory(server)
    .onLog(({ data }) => heard.push(data))
    .build();
  open.push(server, client);
  const calls = [client.tools.call('tell'), client.tools.call('tell')];
  while (waiting.length < 2) await settled();
  for (const go of waiting) go();
  await Promise.all(calls);
  expect(heard).toEqual(['told', 'told']);
});
