import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createCall,
  isJsonObject,
  META,
  MCPClientBuilder,
  MCPServerBuilder,
  type JsonObject,
  type MCPServer,
  type Principal,
} from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { listen } from './support/clients.ts';
import { Recorder } from './support/fakes.ts';
import { modernRequest } from './support/raw.ts';

const TASKS = 'io.modelcontextprotocol/tasks';
const TAKES_TASKS = { clientCapabilities: { elicitation: {}, extensions: { [TASKS]: {} } } };
const SECRET = new Uint8Array(32).fill(7);
const ALICE: Principal = { subject: 'alice', scopes: new Set() };
const BOB: Principal = { subject: 'bob', scopes: new Set() };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function gatewayOf(options: GatewayOptions): Gateway {
  const gateway = new Gateway({ secret: SECRET, ...options });
  ends.push(() => gateway.close());
  return gateway;
}

/** Makes tasks; `work` is done when the test says so. */
function taskServer(name: string): { server: MCPServer; finish: () => void } {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const server = new MCPServerBuilder({ name, version: '1.0.0' })
    .addTool({
      name: 'work',
      task: true,
      handler: async () => {
        await done;
        return `done by ${name}`;
      },
    })
    .addTool({
      name: 'ask',
      task: true,
      handler: async (_params, { ask }) => {
        const answer = await ask(z.object({ name: z.string() }), 'Who?');
        return answer.action === 'accept' ? `Hello, ${answer.content.name}!` : 'Hello!';
      },
    })
    .build();
  return { server, finish };
}

/** Makes a server reachable over HTTP. */
async function overHttp(server: MCPServer): Promise<{ url: string }> {
  const { url, close } = await server.listen({ port: 0 });
  ends.push(close);
  return { url };
}

const start = (gateway: Gateway, name: string, principal: Principal | null = null): Promise<JsonObject> =>
  gateway.call('tools/call', { name }, { ...TAKES_TASKS, principal });

const ask = (
  gateway: Gateway,
  [method, taskId, params]: [string, unknown, JsonObject?],
  principal: Principal | null = null,
): Promise<JsonObject> => gateway.call(method, { taskId, ...params }, { ...TAKES_TASKS, principal });

describe('a task of an upstream', () => {
  it('has an id that says nothing, under which it is looked at, answered and cancelled', async () => {
    const { server } = taskServer('a');
    const gateway = gatewayOf({ upstreams: { a: { server }, b: { server: taskServer('b').server } } });
    const task = await start(gateway, 'a_ask');
    expect(task).toMatchObject({ resultType: 'task', status: 'working' });
    expect(String(task.taskId)).toMatch(/^[\w-]{60,}$/);
    await vi.waitFor(async () => {
      expect(await ask(gateway, ['tasks/get', task.taskId])).toMatchObject({ status: 'input_required' });
    });
    const waiting = await ask(gateway, ['tasks/get', task.taskId]);
    expect(waiting).toMatchObject({ resultType: 'complete', taskId: task.taskId });
    const [key] = Object.keys(waiting.inputRequests as JsonObject);
    const inputResponses = { [String(key)]: { action: 'accept', content: { name: 'Ann' } } };
    expect(await ask(gateway, ['tasks/update', task.taskId, { inputResponses }])).toEqual({ resultType: 'complete' });
    await vi.waitFor(async () => {
      expect(await ask(gateway, ['tasks/get', task.taskId])).toMatchObject({
        status: 'completed',
        taskId: task.taskId,
        result: { content: [{ type: 'text', text: 'Hello, Ann!' }] },
      });
    });
    const other = await start(gateway, 'b_work');
    expect(await ask(gateway, ['tasks/cancel', other.taskId])).toEqual({ resultType: 'complete' });
    await vi.waitFor(async () => {
      expect(await ask(gateway, ['tasks/get', other.taskId])).toMatchObject({ status: 'cancelled' });
    });
  });

  it.each([
    ['another caller', ALICE, BOB],
    ['a caller of that name of another issuer', ALICE, { ...ALICE, issuer: 'https://other.example' }],
    ['an anonymous caller', ALICE, null],
    ['somebody, being nobody', null, BOB],
  ])('is unknown to %s', async (_who, owner, stranger) => {
    // To this server all of them are the gateway.
    const gateway = gatewayOf({ upstreams: { a: await overHttp(taskServer('a').server) } });
    const { taskId } = await start(gateway, 'a_work', owner);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      await expect(ask(gateway, [method, taskId, { inputResponses: {} }], stranger)).rejects.toMatchObject({
        code: 'not_found',
      });
    expect(await ask(gateway, ['tasks/get', taskId], owner)).toMatchObject({ status: 'working' });
  });

  it('is unknown under the id of the upstream, under none, and under one of another gateway', async () => {
    const upstreams = { a: { server: taskServer('a').server } };
    const gateway = gatewayOf({ upstreams });
    const direct = await new Gateway({ upstreams, secret: SECRET, name: 'other' }).call(
      'tools/call',
      { name: 'a_work' },
      TAKES_TASKS,
    );
    for (const taskId of ['x', '', 'a'.repeat(200), direct.taskId])
      await expect(ask(gateway, ['tasks/get', taskId])).rejects.toMatchObject({ code: 'not_found' });
    await expect(ask(gateway, ['tasks/get', 5])).rejects.toMatchObject({ code: 'invalid_params' });
  });

  it('is known to every replica with the same secret, at the endpoint that made it', async () => {
    const [one, two] = [taskServer('one'), taskServer('two')];
    const endpoints = [await overHttp(one.server), await overHttp(two.server)];
    const gateways = [
      gatewayOf({ upstreams: { up: { endpoints } } }),
      gatewayOf({ upstreams: { up: { endpoints: [...endpoints].reverse() } } }),
    ] as const;
    for (const gateway of gateways) await gateway.start();
    const tasks = [await start(gateways[0], 'up_work'), await start(gateways[0], 'up_work')];
    one.finish();
    two.finish();
    for (const gateway of gateways) {
      const results = await Promise.all(
        tasks.map(async ({ taskId }) =>
          vi.waitFor(async () => {
            const task = await ask(gateway, ['tasks/get', taskId]);
            expect(task).toMatchObject({ status: 'completed', taskId });
            return JSON.stringify(task.result);
          }),
        ),
      );
      expect(results.map((json) => /done by (\w+)/.exec(json)?.[1]).sort()).toEqual(['one', 'two']);
    }
    const stranger = gatewayOf({ upstreams: { up: { endpoints } }, secret: new Uint8Array(32) });
    await expect(ask(stranger, ['tasks/get', tasks[0]?.taskId])).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is out of reach, not unknown, while the endpoint that has it is down', async () => {
    const replicas = await Promise.all(['one', 'two'].map(async (name) => taskServer(name).server.listen({ port: 0 })));
    for (const { close } of replicas) ends.push(close);
    const gateway = gatewayOf({ upstreams: { up: { endpoints: replicas.map(({ url }) => ({ url })) } } });
    await gateway.start();
    const tasks = [await start(gateway, 'up_work'), await start(gateway, 'up_work')];
    await replicas[0]?.close();
    const look = () => Promise.allSettled(tasks.map(({ taskId }) => ask(gateway, ['tasks/get', taskId])));
    const isDown = (): boolean => gateway.status()[0]?.endpoints.some(({ state }) => state === 'down') === true;
    await expect.poll(async () => (await look(), isDown())).toBe(true);
    const failed = (await look()).flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(failed).toMatchObject([{ code: 'unavailable', message: expect.stringContaining('"up"') as string }]);
  });

  it('is answered for by a client that never sees a gateway', async () => {
    const { server, finish } = taskServer('a');
    const gateway = gatewayOf({ upstreams: { a: await overHttp(server) } });
    const listening = await listen(gateway);
    ends.push(() => listening.close());
    const client = await new MCPClientBuilder({ name: 'c', version: '1' })
      .http(listening.url)
      .onElicit(() => ({ action: 'accept', content: { name: 'Bea' } }))
      .build();
    ends.push(() => client.close());
    expect(JSON.stringify(await client.tools.call('a_ask'))).toContain('Hello, Bea!');
    finish();
    expect(JSON.stringify(await client.tools.call('a_work'))).toContain('done by a');
  });

  it('keeps the rest of its state byte for byte', async () => {
    const state = '"status":"working",  "ttlMs":12345678901234567890, "é":"\\u00e9"';
    const http = createServer((req, res) => {
      void (async () => {
        let body = '';
        for await (const chunk of req) body += String(chunk);
        const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: JsonObject };
        const result = {
          'server/discover': '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}',
          'tools/list': '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"t"}]}',
          'tools/call': `{"resultType":"task",${state}, "taskId" : "u-1"}`,
          'tasks/get': `{ "taskId":"${String(params.taskId)}" ,"resultType":"complete",${state},"header":"${String(req.headers['mcp-name'])}"}`,
        }[method];
        res.writeHead(result ? 200 : 404, { 'content-type': 'application/json' });
        res.end(
          result
            ? `{"jsonrpc":"2.0","id":${id},"result":${result}}`
            : `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no"}}`,
        );
      })();
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    ends.push(
      () => http.closeAllConnections(),
      () => http.close(),
    );
    const gateway = gatewayOf({
      upstreams: { a: { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` } },
    });
    const _meta = { [META.clientCapabilities]: TAKES_TASKS.clientCapabilities };
    const post = async (method: string, params: JsonObject, headers = {}): Promise<string> =>
      (
        await gateway.fetch(
          new Request('http://localhost/mcp', modernRequest(method, { ...params, _meta }, { headers })),
        )
      ).text();
    const made = await post('tools/call', { name: 'a_t' });
    const { taskId } = (JSON.parse(made) as { result: { taskId: string } }).result;
    expect(made).toContain(`{"resultType":"task",${state}, "taskId" : "${taskId}"}`);
    expect(await post('tasks/get', { taskId }, { 'mcp-name': taskId })).toContain(
      `{ "taskId":"${taskId}" ,"resultType":"complete",${state},"header":"u-1"}`,
    );
    expect(JSON.parse(await post('tasks/get', { taskId }, { 'mcp-name': 'u-1' }))).toMatchObject({
      error: { code: -32020 },
    });
  });
});

/** What a listener is told, message by message. */
async function told(gateway: Gateway, taskIds: unknown[], principal: Principal | null = null) {
  const stop = new AbortController();
  ends.push(() => {
    stop.abort();
  });
  const params = { notifications: { taskIds } };
  const reply = await gateway.handler(
    createCall('subscriptions/listen', params, { ...TAKES_TASKS, principal, signal: stop.signal }),
  );
  const messages = reply.messages()[Symbol.asyncIterator]();
  return async (): Promise<JsonObject> => {
    const { value } = await messages.next();
    return value?.kind === 'notification' ? { method: value.method, ...value.params.value } : { end: value?.kind };
  };
}

describe('listening to tasks', () => {
  it('is told of each state, under the id that the caller knows', async () => {
    const { server, finish } = taskServer('a');
    const [b, c] = [taskServer('b'), taskServer('c')];
    const gateway = gatewayOf({
      upstreams: { a: await overHttp(server), b: { server: b.server }, c: { server: c.server } },
    });
    const mine = [await start(gateway, 'a_work', ALICE), await start(gateway, 'b_work', ALICE)];
    const taskIds = mine.map(({ taskId }) => taskId);
    const others = await start(gateway, 'c_work', BOB);
    const next = await told(gateway, [...taskIds, others.taskId, 'nobodys', 5], ALICE);
    expect(await next()).toEqual({
      method: 'notifications/subscriptions/acknowledged',
      notifications: { taskIds },
    });
    finish();
    expect(await next()).toMatchObject({
      ...{ method: 'notifications/tasks', taskId: taskIds[0], status: 'completed' },
      result: { content: [{ text: 'done by a' }] },
    });
    c.finish();
    b.finish();
    expect(await next()).toMatchObject({ method: 'notifications/tasks', taskId: taskIds[1], status: 'completed' });
    await gateway.close();
    expect(await next()).toEqual({ end: 'result' });
  });

  it('needs the extension', async () => {
    const gateway = gatewayOf({ upstreams: { a: { server: taskServer('a').server } } });
    const params = { notifications: { taskIds: ['x'] } };
    await expect(gateway.call('subscriptions/listen', params)).rejects.toMatchObject({
      code: 'missing_client_capability',
      data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
    });
  });
});

describe('a secret that nobody gave', () => {
  it('is told of once, when something depends on it', async () => {
    const telemetry = new Recorder();
    const gateway = gatewayOf({
      upstreams: { a: { server: taskServer('a').server } },
      telemetry,
      secret: undefined as never,
    });
    await gateway.call('tools/list');
    const warnings = (): unknown[] => telemetry.facts.filter(({ name }) => name === 'secret.generated');
    expect(warnings()).toEqual([]);
    await start(gateway, 'a_work');
    await start(gateway, 'a_work');
    expect(warnings()).toMatchObject([{ severity: 'warn', fields: { purpose: 'task of mcp-gateway' } }]);
  });
});

describe('capabilities', () => {
  it('promise tasks if an upstream has them, and extensions of all of them', async () => {
    const plain = new MCPServerBuilder({ name: 'p', version: '1' })
      .extend({ name: 'com.example/x', settings: { loud: true, of: ['p'] } })
      .build();
    const { server } = taskServer('a');
    const gateway = gatewayOf({ upstreams: { a: { server }, p: { server: plain } } });
    const { capabilities } = await gateway.call('server/discover');
    expect(isJsonObject(capabilities) && capabilities.extensions).toEqual({
      [TASKS]: {},
      'com.example/x': { loud: true, of: ['p'] },
    });
  });
});
