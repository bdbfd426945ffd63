import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer as V2Server } from '@modelcontextprotocol/server';
import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { createCall, McpError, MCPServerBuilder, type Handler, type JsonObject, type Reply } from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway, MISSING_META, type GatewayOptions, type Missing } from '../src/index.ts';
import { Replica, STDIO } from './support/children.ts';
import {
  connectTo,
  isModern,
  listen,
  MODES,
  WAYS,
  type AnyClient,
  type Listening,
  type Mode,
} from './support/clients.ts';
import { Recorder } from './support/fakes.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function gatewayOf(options: GatewayOptions): Gateway {
  const gateway = new Gateway(options);
  ends.push(() => gateway.close());
  return gateway;
}

const serverWith = (...tools: string[]): { handler: Handler } =>
  tools
    .reduce(
      (builder, name) => builder.addTool({ name, handler: () => name }),
      new MCPServerBuilder({ name: 's', version: '1' }),
    )
    .build();

const toolsOf = (result: JsonObject): string[] => (result.tools as { name: string }[]).map(({ name }) => name);
const missingOf = (result: JsonObject): Missing[] => ((result._meta as JsonObject)[MISSING_META] ?? []) as Missing[];

/** A server that can be told to be slow, and tells of no changes: its list is read for each list of the gateway. */
function moody(): { handler: Handler; mood: 'well' | 'silent' } {
  const { handler } = serverWith('x');
  const server = {
    mood: 'well' as 'well' | 'silent',
    handler: (call: Parameters<Handler>[0]): Promise<Reply> => {
      if (call.method === 'subscriptions/listen') throw new McpError('method_not_found', 'Nothing is told.');
      return server.mood === 'well' || call.method === 'server/discover' ? handler(call) : new Promise(() => undefined);
    },
  };
  return server;
}

describe('a list while an upstream is slow', () => {
  it('does not wait longer than it may, names the upstream, and serves what it had last', async () => {
    const slow = moody();
    const gateway = gatewayOf({
      upstreams: { slow: { server: slow }, good: { server: serverWith('y') } },
      listTimeoutMs: 200,
    });
    expect(toolsOf(await gateway.call('tools/list'))).toEqual(['good_y', 'slow_x']);
    slow.mood = 'silent';
    const since = performance.now();
    const result = await gateway.call('tools/list');
    const took = performance.now() - since;
    expect(took).toBeGreaterThan(190);
    expect(took).toBeLessThan(1_000);
    expect(toolsOf(result)).toEqual(['good_y', 'slow_x']);
    expect(missingOf(result)).toEqual([
      { upstream: 'slow', reason: 'no answer within 200 ms', staleMs: expect.any(Number) as number },
    ]);
    expect(result).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    slow.mood = 'well';
    expect(missingOf(await gateway.call('tools/list'))).toEqual([]);
  });

  it('lacks what was never read, and says so', async () => {
    const slow = moody();
    slow.mood = 'silent';
    const gateway = gatewayOf({
      upstreams: { slow: { server: slow }, good: { server: serverWith('y') } },
      listTimeoutMs: 100,
    });
    const result = await gateway.call('tools/list');
    expect(toolsOf(result)).toEqual(['good_y']);
    expect(missingOf(result)).toEqual([{ upstream: 'slow', reason: 'no answer within 100 ms' }]);
    await expect(gateway.call('tools/call', { name: 'slow_x' })).rejects.toThrow('No answer yet from: slow.');
  });

  it('is not held up by a server that does not even say who it is', async () => {
    const mute: Handler = () => new Promise(() => undefined);
    const gateway = gatewayOf({
      upstreams: { mute: { server: mute }, good: { server: serverWith('y') } },
      listTimeoutMs: 100,
    });
    expect(toolsOf(await gateway.call('tools/list'))).toEqual(['good_y']);
    const discovered = await gateway.call('server/discover');
    expect(missingOf(discovered)).toEqual([{ upstream: 'mute', reason: 'no answer within 100 ms' }]);
    const closed = gateway.close();
    await expect(closed).resolves.toBeUndefined();
  });
});

describe('a list while upstreams are dead', () => {
  it('lacks the one that is dead at the start; the others work', async () => {
    const recorder = new Recorder();
    const gateway = gatewayOf({
      upstreams: {
        refused: { url: 'http://127.0.0.1:1/mcp' },
        nocommand: { command: '/no/such/command-for-mcp' },
        good: { server: serverWith('y') },
      },
      telemetry: recorder,
    });
    const status = await gateway.start();
    expect(status.map(({ endpoints }) => endpoints[0]?.state)).toEqual(['down', 'stopped', 'ready']);
    const result = await gateway.call('tools/list');
    expect(toolsOf(result)).toEqual(['good_y']);
    expect(missingOf(result)).toEqual([
      { upstream: 'refused', reason: 'http://127.0.0.1:1 cannot be reached or cut the response off (ECONNREFUSED).' },
      { upstream: 'nocommand', reason: 'the command "/no/such/command-for-mcp" (or its cwd) does not exist' },
    ]);
    expect(await gateway.call('tools/call', { name: 'good_y' })).toMatchObject({ content: [{ text: 'y' }] });
    await expect(gateway.call('tools/call', { name: 'nocommand_x' })).rejects.toThrow(
      'No answer yet from: refused, nocommand.',
    );
    expect(recorder.facts.find(({ name }) => name === 'upstream.stopped')?.fields).toMatchObject({
      upstream: 'nocommand',
    });
  });

  it('is an error when all are dead, and never an empty list', async () => {
    const gateway = gatewayOf({
      upstreams: { a: { url: 'http://127.0.0.1:1' }, b: { command: '/no/such/command-for-mcp' } },
    });
    const list = gateway.call('tools/list');
    await expect(list).rejects.toMatchObject({
      code: 'unavailable',
      data: { missing: [{ upstream: 'a' }, { upstream: 'b' }] },
    });
    await expect(list).rejects.toThrow(/^No upstream answers\. a: .*; b: .*does not exist/);
  });

  it('finds the one that comes later', { timeout: 30_000 }, async () => {
    const first = await Replica.start();
    await first.end();
    const gateway = gatewayOf({ upstreams: { late: { url: first.url }, good: { server: serverWith('y') } } });
    expect(toolsOf(await gateway.call('tools/list'))).toEqual(['good_y']);
    const late = await Replica.start(first.port);
    ends.push(() => late.end());
    await vi.waitFor(async () => expect(toolsOf(await gateway.call('tools/list'))).toContain('late_pid'), {
      timeout: 5_000,
    });
  });

  it('uses the endpoint that lives when another was dead at the start', { timeout: 30_000 }, async () => {
    const live = await Replica.start();
    ends.push(() => live.end());
    const gateway = gatewayOf({ upstreams: { up: { endpoints: [{ url: 'http://127.0.0.1:1' }, { url: live.url }] } } });
    expect(toolsOf(await gateway.call('tools/list'))).toContain('up_pid');
    for (let call = 0; call < 10; call++) await gateway.call('tools/call', { name: 'up_pid' });
  });
});

describe('a command that crashes again and again', () => {
  it('is given up with the reason, and has another chance when asked', { timeout: 30_000 }, async () => {
    const crash = {
      command: process.execPath,
      args: ['-e', 'process.exit(3)', '--', '--token', 's3cret'],
      env: { KEY: 's3cret' },
    };
    const recorder = new Recorder();
    const gateway = gatewayOf({ upstreams: { crash, good: { server: serverWith('y') } }, telemetry: recorder });
    await gateway.start();
    await vi.waitFor(() => expect(gateway.status()[0]?.endpoints[0]?.state).toBe('stopped'), {
      timeout: 15_000,
      interval: 50,
    });
    const { reason } = gateway.status()[0]!.endpoints[0]!;
    expect(reason).toMatch(/^it kept crashing: .*node is gone: it ended with code 3\.$/);
    expect(recorder.names.filter((name) => name === 'upstream.connecting')).toHaveLength(1 + 6);
    expect(toolsOf(await gateway.call('tools/list'))).toEqual(['good_y']);
    gateway.restart('crash');
    expect(gateway.status()[0]?.endpoints[0]?.state).toBe('connecting');
    expect(() => {
      gateway.restart('nobody');
    }).toThrow('There is no upstream "nobody".');
    expect(JSON.stringify([recorder.facts, gateway.status()])).not.toContain('s3cret');
  });
});

/** Official servers whose tools change while they run, each reached its own way. */
const CHANGING: Record<string, () => Promise<{ upstream: GatewayOptions['upstreams'][string]; addTool: () => void }>> =
  {
    'a v1 object in process': async () => {
      const server = new V1Server({ name: 'v1', version: '1' });
      server.registerTool('first', {}, () => ({ content: [] }));
      return { upstream: { server }, addTool: () => void server.registerTool('second', {}, () => ({ content: [] })) };
    },
    'a v2 object in process': async () => {
      const server = new V2Server({ name: 'v2', version: '1' });
      server.registerTool('first', {}, () => ({ content: [] }));
      return { upstream: { server }, addTool: () => void server.registerTool('second', {}, () => ({ content: [] })) };
    },
    'a modern v2 handler over HTTP': async () => {
      const tools = ['first'];
      const mcp = createMcpHandler(() => {
        const server = new V2Server({ name: 'v2', version: '1' }, { capabilities: { tools: { listChanged: true } } });
        for (const name of tools) server.registerTool(name, {}, () => ({ content: [] }));
        return server;
      });
      const http = createServer((req, res) => {
        const chunks: Buffer[] = [];
        req.on('data', (chunk: Buffer) => chunks.push(chunk));
        req.on('end', () => {
          const gone = new AbortController();
          res.on('close', () => {
            gone.abort();
          });
          const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
          const request = new Request(`http://127.0.0.1${req.url}`, {
            method: req.method ?? 'GET',
            headers: Object.entries(req.headers).map(([name, value]): [string, string] => [name, String(value)]),
            signal: gone.signal,
            ...body,
          });
          void mcp.fetch(request).then(
            async (response) => {
              res.writeHead(response.status, Object.fromEntries(response.headers)).flushHeaders();
              for await (const chunk of response.body ?? []) res.write(chunk);
              res.end();
            },
            () => res.destroy(),
          );
        });
      });
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      ends.push(() => {
        http.close();
        http.closeAllConnections();
      });
      return {
        upstream: { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` },
        addTool: () => {
          tools.push('second');
          mcp.notify.toolsChanged();
        },
      };
    },
  };

describe.each(Object.keys(CHANGING))('a change of the tools of %s', (kind) => {
  const CALLERS = WAYS.flatMap((way) => (Object.keys(MODES) as Mode[]).map((mode) => [mode, way] as const));

  it('reaches the callers of both eras on every way', { timeout: 30_000 }, async () => {
    const { upstream, addTool } = await CHANGING[kind]!();
    const gateway = gatewayOf({ upstreams: { up: upstream } });
    await gateway.start();
    const listening: Listening = await listen(gateway);
    ends.push(() => listening.close());
    const told = new Map<string, number>();
    for (const [mode, way] of CALLERS) {
      const client: AnyClient = await connectTo(gateway, mode, { kind: way, url: listening.url });
      ends.push(() => client.close());
      const count = (): void => void told.set(`${mode} ${way}`, (told.get(`${mode} ${way}`) ?? 0) + 1);
      const schema =
        mode === 'v1'
          ? (await import('@modelcontextprotocol/sdk/types.js')).ToolListChangedNotificationSchema
          : 'notifications/tools/list_changed';
      client.setNotificationHandler(schema as never, count);
      if (isModern(mode)) await client.listen({ toolsListChanged: true });
      await client.listTools();
    }
    told.clear();
    addTool();
    await vi.waitFor(
      () => expect([...told.keys()].sort()).toEqual(CALLERS.map(([mode, way]) => `${mode} ${way}`).sort()),
      {
        timeout: 5_000,
      },
    );
    expect(toolsOf(await gateway.call('tools/list'))).toEqual(['up_first', 'up_second']);
  });
});

describe('a change of what only the gateway sees', () => {
  it('is told when an upstream is there for the first time', { timeout: 30_000 }, async () => {
    const gateway = gatewayOf({ upstreams: { child: STDIO, good: { server: serverWith('y') } }, listTimeoutMs: 150 });
    const stop = new AbortController();
    const reply = await gateway.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }, { signal: stop.signal }),
    );
    const told: string[] = [];
    const reading = (async () => {
      for await (const message of reply.messages())
        told.push(message.kind === 'notification' ? message.method : message.kind);
    })();
    await gateway.start();
    await vi.waitFor(() => expect(gateway.status()[0]?.tools).toBe(5), { timeout: 10_000 });
    await vi.waitFor(() => expect(told).toContain('notifications/tools/list_changed'));
    stop.abort();
    await reading;
    expect(told[0]).toBe('notifications/subscriptions/acknowledged');
    expect(told.at(-1)).toBe('result');
  });
});
