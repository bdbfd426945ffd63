import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { META, MCPServerBuilder, Payload, resultReply, type Call, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { Recorder } from './support/fakes.ts';
import { modernRequest } from './support/raw.ts';

const TASKS = 'io.modelcontextprotocol/tasks';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function gatewayOf(upstreams: GatewayOptions['upstreams']): Gateway {
  const gateway = new Gateway({ upstreams });
  ends.push(() => gateway.close());
  return gateway;
}

const answerOk = () => Promise.resolve(resultReply(Payload.of<JsonObject>({ resultType: 'complete' })));

/** A server with an extension whose methods answer with the name of the server and what they were sent. */
function serverWith(name: string, extension: string, ...methods: string[]) {
  const answer = (call: Call) =>
    Promise.resolve(
      resultReply(Payload.of<JsonObject>({ resultType: 'complete', by: name, got: call.params.value.x })),
    );
  const server = new MCPServerBuilder({ name, version: '1' })
    .extend({ name: extension, methods: Object.fromEntries(methods.map((method) => [method, answer])) })
    .build();
  return { server };
}

/** An official v1 server with an experimental capability, and what it answers. */
function v1With(methods: Readonly<Record<string, () => JsonObject>>) {
  const server = new McpServer(
    { name: 'v1', version: '1' },
    { capabilities: { experimental: { 'com.example/x': {} } } },
  );
  for (const [method, answer] of Object.entries(methods))
    server.server.setRequestHandler(z.object({ method: z.literal(method) }), answer);
  return { server };
}

/** Posts a modern request; the status and the message that comes back. */
async function post(
  gateway: Pick<Gateway, 'fetch'>,
  method: string,
  params: JsonObject = {},
): Promise<[number, JsonObject]> {
  const response = await gateway.fetch(new Request('http://localhost/mcp', modernRequest(method, params)));
  return [response.status, (await response.json()) as JsonObject];
}

async function legacy(gateway: Gateway, [method, params]: [string, JsonObject], session?: string | null) {
  const response = await gateway.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        ...(session ? { 'mcp-session-id': session } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    }),
  );
  return [await response.json(), response.headers.get('mcp-session-id')] as const;
}

const initialize = (gateway: Gateway, capabilities: JsonObject) =>
  legacy(gateway, [
    'initialize',
    { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'c', version: '1' } },
  ]);

describe('a method of an extension', () => {
  const upstreams = {
    a: serverWith('a', 'com.example/search', 'search/run', 'com.example/search/deep'),
    b: serverWith('b', 'com.example/audit', 'com.example/audit/log', 'com.example/anything'),
    c: serverWith('c', 'org.other/shared', 'shared/do'),
    d: serverWith('d', 'org.other/shared', 'shared/do'),
  };

  it.each([
    ['search/run', 'a'],
    ['com.example/search/deep', 'a'],
    ['com.example/audit/log', 'b'],
    // Both declare something of that vendor, and only one knows the method.
    ['com.example/anything', 'b'],
    ['shared/do', 'c'],
  ])('%s goes to the upstream that declares it, the first in the options that knows it: %s', async (method, by) => {
    expect(await post(gatewayOf(upstreams), method, { x: { deep: [1] } })).toMatchObject([
      200,
      { result: { by, got: { deep: [1] } } },
    ]);
  });

  it.each([
    ['shared/nothing', /Unknown method: shared\/nothing$/],
    ['nobody/has', /Unknown method: nobody\/has$/],
    ['searching/run', /Unknown method/],
    // Methods of the protocol that the modern era does not have, or that nobody may ask a server.
    ...[
      'ping',
      'initialize',
      'logging/setLevel',
      'resources/subscribe',
      'roots/list',
      'tasks/list',
      'tasks/result',
    ].map((method): [string, RegExp] => [method, /Unknown method/]),
  ])('%s is unknown if none declares it, or none of them knows it', async (method, message) => {
    expect(await post(gatewayOf(upstreams), method)).toMatchObject([
      404,
      { error: { code: -32601, message: expect.stringMatching(message) as string } },
    ]);
  });

  it('of two legacy upstreams goes to the one that knows it', async () => {
    const gateway = gatewayOf({ plain: v1With({}), able: v1With({ 'com.example/do': () => ({ by: 'able' }) }) });
    expect(await post(gateway, 'com.example/do')).toMatchObject([200, { result: { by: 'able' } }]);
    expect(await post(gateway, 'com.example/other')).toMatchObject([404, { error: { code: -32601 } }]);
  });

  it('is told of when several declare its extension, once', async () => {
    const telemetry = new Recorder();
    const gateway = new Gateway({ upstreams, telemetry });
    ends.push(() => gateway.close());
    for (const method of ['shared/do', 'shared/do']) await post(gateway, method);
    expect(telemetry.facts.filter(({ name }) => name === 'extension.shared')).toMatchObject([
      { severity: 'info', fields: { extension: 'org.other/shared', upstreams: ['c', 'd'] } },
    ]);
  });

  it('is unknown while its upstream cannot be reached, and others are not held up', async () => {
    const gateway = gatewayOf({ a: upstreams.a, gone: { url: 'http://127.0.0.1:1/mcp' } });
    expect(await post(gateway, 'com.nowhere/x')).toMatchObject([404, { error: { code: -32601 } }]);
    expect(await post(gateway, 'search/run')).toMatchObject([200, { result: { by: 'a' } }]);
  });
});

describe('extensions of a view', () => {
  const upstreams = {
    a: serverWith('a', 'com.example/search', 'search/run', 'com.example/search/deep', 'com.example/any'),
    b: serverWith('b', 'com.example/audit', 'com.example/audit/log'),
    both: {
      server: new MCPServerBuilder({ name: 'both', version: '1' })
        .extend({ name: 'org.other/open', methods: { 'open/do': answerOk, 'org.other/any': answerOk } })
        .extend({ name: 'org.other/shut', methods: { 'shut/do': answerOk, 'org.other/shut/do': answerOk } })
        .build(),
    },
  };

  it('are those that it names: methods of others are unknown, also where their vendor is the same', async () => {
    const view = gatewayOf(upstreams).view({ name: 'v', extensions: ['com.example/audit', 'org.other/open'] });
    const { capabilities } = await view.call('server/discover');
    expect(Object.keys((capabilities as { extensions: JsonObject }).extensions)).toEqual([
      'com.example/audit',
      'org.other/open',
    ]);
    for (const method of ['com.example/audit/log', 'open/do']) expect((await post(view, method))[0], method).toBe(200);
    for (const method of ['search/run', 'com.example/search/deep', 'shut/do', 'org.other/shut/do', 'org.other/any'])
      expect(await post(view, method), method).toMatchObject([404, { error: { code: -32601 } }]);
  });
});

describe('MCP Apps', () => {
  const UI = 'io.modelcontextprotocol/ui';
  const HTML = 'text/html;profile=mcp-app';

  /** An app whose tool says what the caller declares. */
  const app = () => ({
    server: new MCPServerBuilder({ name: 'app', version: '1' })
      .extend({ name: UI, settings: {} })
      .use((next) => (call) => {
        if (call.method === 'tools/call') declared = (call.params.value._meta as JsonObject)[META.clientCapabilities];
        return next(call);
      })
      .addTool({ name: 'chart', meta: { ui: { resourceUri: 'ui://chart/view' } }, handler: () => 'drawn' })
      .addResource({ name: 'view', uri: 'ui://chart/view', mimeType: HTML, handler: () => '<p>chart</p>' })
      .build(),
  });
  let declared: unknown;

  it('pass: the extension of both sides, the link of a tool and the resource', async () => {
    const gateway = gatewayOf({ app: app(), other: serverWith('other', 'com.example/x') });
    expect((await gateway.call('server/discover')).capabilities).toMatchObject({ extensions: { [UI]: {} } });
    const { tools } = await gateway.call('tools/list');
    expect(tools).toMatchObject([{ name: 'app_chart', _meta: { ui: { resourceUri: 'ui://chart/view' } } }]);
    expect(await gateway.call('resources/read', { uri: 'ui://chart/view' })).toMatchObject({
      contents: [{ uri: 'ui://chart/view', mimeType: HTML, text: '<p>chart</p>' }],
    });
    const clientCapabilities = { extensions: { [UI]: { mimeTypes: [HTML] } } };
    await gateway.call('tools/call', { name: 'app_chart' }, { clientCapabilities });
    expect(declared).toEqual(clientCapabilities);
  });

  it('pass for legacy callers too, without the tasks that only the modern era has', async () => {
    const gateway = gatewayOf({ app: app() });
    const apps = { [UI]: { mimeTypes: [HTML] } };
    const [answer, session] = await initialize(gateway, { extensions: { ...apps, [TASKS]: {} }, tasks: { list: {} } });
    expect(answer).toMatchObject({ result: { capabilities: { extensions: { [UI]: {} } } } });
    expect(JSON.stringify(answer)).not.toContain('tasks');
    await legacy(gateway, ['tools/call', { name: 'app_chart' }], session);
    expect(declared).toEqual({ extensions: apps });
  });
});
