// Notifications of callers that are no part of the protocol; the matrix has those that arrive, for each transport.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ListRootsRequestSchema, RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { MCPServerBuilder, Payload, resultReply, type Call, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewayOptions, type Isolation } from '../src/index.ts';
import { listen } from './support/clients.ts';

import { LegacyCaller } from './support/legacy-caller.ts';
import { startSessions } from './support/legacy-sessions.ts';
import { modernRequest } from './support/raw.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function gatewayOf(upstreams: GatewayOptions['upstreams']): Gateway {
  const gateway = new Gateway({ upstreams });
  ends.push(() => gateway.close());
  return gateway;
}

/** A server with an extension that writes down what it is told, and a tool that writes down its calls. */
function serverOf(extension: string, told: string[]) {
  const methods = ['search/changed', 'notifications/search/changed', 'com.example/progress', 'progress'];
  const tell = ({ method, isNotification, params }: Call) => {
    told.push(`${method} ${String(params.value.x)} ${String(isNotification)}`);
    return Promise.resolve(resultReply(Payload.of<JsonObject>({})));
  };
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .extend({ name: extension, methods: Object.fromEntries(methods.map((method) => [method, tell])) })
    .addTool({ name: 'run', handler: () => String(told.push('run')) })
    .build();
  return { server };
}

/** Posts a notification; the status that it is answered with. */
async function post(gateway: Gateway, method: string, params: JsonObject = {}): Promise<number> {
  const { headers, ...request } = modernRequest(method, params);
  const { id: _, ...notification } = JSON.parse(request.body) as JsonObject;
  const body = JSON.stringify(notification);
  return (await gateway.fetch(new Request('http://localhost/mcp', { ...request, headers, body }))).status;
}

async function postLegacy(gateway: Gateway, method: string, params: JsonObject = {}): Promise<number> {
  const caller = await LegacyCaller.open(gateway, { capabilities: { roots: {} } });
  return (await caller.post({ jsonrpc: '2.0', method, params })).status;
}

describe.each([
  ['modern', post],
  ['legacy', postLegacy],
])('a notification of a %s caller', (_era, send) => {
  it.each(['search/changed', 'notifications/search/changed'])('%s goes to the one that declares it', async (method) => {
    const told: string[] = [];
    const gateway = gatewayOf({ a: serverOf('com.example/search', told), b: serverOf('com.other/x', []) });
    expect(await send(gateway, method, { x: 7 })).toBe(202);
    expect(told).toEqual([`${method} 7 true`]);
  });

  it('passes through a gateway behind the gateway', async () => {
    const told: string[] = [];
    const inner = gatewayOf({ a: serverOf('com.example/search', told) });
    const { url, close } = await listen(inner);
    ends.push(close);
    expect(await send(gatewayOf({ inner: { url } }), 'search/changed', { x: 1 })).toBe(202);
    expect(told).toEqual(['search/changed 1 true']);
  });

  it('goes to the first in the options where several declare it', async () => {
    const [first, second]: [string[], string[]] = [[], []];
    const gateway = gatewayOf({ a: serverOf('org.one/search', first), b: serverOf('org.two/search', second) });
    expect(await send(gateway, 'search/changed', { x: 1 })).toBe(202);
    expect([first, second]).toEqual([['search/changed 1 true'], []]);
  });

  it.each(['nobody/has', 'notifications/nobody'])('%s is dropped if none declares it', async (method) => {
    const told: string[] = [];
    const gateway = gatewayOf({ a: serverOf('org.one/search', told) });
    expect(await send(gateway, method)).toBe(202);
    expect(told).toEqual([]);
  });

  it.each(['tools/call', 'notifications/progress', 'notifications/initialized', 'notifications/roots/list_changed'])(
    '%s is of the protocol, and nobody is told',
    async (method) => {
      const told: string[] = [];
      const gateway = gatewayOf({ a: serverOf('com.example/progress', told) });
      expect(await send(gateway, method, { name: 'a_run' })).toBe(202);
      expect(told).toEqual([]);
    },
  );

  it('has an error status if its upstream cannot be told', async () => {
    const { url, close } = await listen(gatewayOf({ a: serverOf('com.example/search', []) }));
    const gateway = gatewayOf({ inner: { url } });
    expect(await send(gateway, 'search/changed')).toBe(202);
    await close();
    expect(await send(gateway, 'search/changed')).toBe(502);
  });
});

/** A legacy server that asks for the roots of its caller when it is told that they have changed. */
async function rootsServer(): Promise<{ url: string; seen: string[]; told: () => number }> {
  const seen: string[] = [];
  let told = 0;
  const create = (): McpServer => {
    const server = new McpServer({ name: 'roots', version: '1' });
    server.registerTool('hello', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }));
    server.server.setNotificationHandler(RootsListChangedNotificationSchema, async () => {
      told++;
      const { roots } = await server.server.listRoots();
      seen.push(...roots.map(({ uri }) => uri));
    });
    return server;
  };
  const { url, close } = await startSessions(create);
  ends.push(close);
  return { url, seen, told: () => told };
}

async function callerWith(gateway: Gateway, root: string): Promise<Client> {
  const { url, close } = await listen(gateway);
  const client = new Client({ name: root, version: '1' }, { capabilities: { roots: { listChanged: true } } });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: root }] }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  ends.push(close, () => client.close());
  await client.callTool({ name: 'up_hello', arguments: {} });
  return client;
}

describe('notifications/roots/list_changed of a legacy caller', () => {
  it('comes to the session that is kept for it, where it is asked for its roots again', async () => {
    const { url, seen, told } = await rootsServer();
    const gateway = gatewayOf({ up: { url, isolation: 'session' }, modern: serverOf('com.example/x', []) });
    const one = await callerWith(gateway, 'file:///one');
    const two = await callerWith(gateway, 'file:///two');
    await one.sendRootsListChanged();
    await expect.poll(() => seen).toEqual(['file:///one']);
    expect(told()).toBe(1);
    await two.sendRootsListChanged();
    await expect.poll(() => seen).toEqual(['file:///one', 'file:///two']);
    expect(told()).toBe(2);
  });

  it.each<[Isolation, object[] | undefined]>([
    ['shared', undefined],
    ['session', [{ uri: 'file:///fixed' }]],
  ])('ends at the gateway where a server has other roots: %s, %j', async (isolation, roots) => {
    const { url, told } = await rootsServer();
    const given = roots ? { roots: roots as { uri: string }[] } : {};
    const gateway = gatewayOf({ up: { url, isolation, ...given } });
    const client = await callerWith(gateway, 'file:///one');
    await client.sendRootsListChanged();
    await client.callTool({ name: 'up_hello', arguments: {} });
    expect(told()).toBe(0);
  });
});
