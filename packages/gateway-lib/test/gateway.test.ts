import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createCall,
  McpError,
  MCPServerBuilder,
  resultReply,
  Payload,
  type Handler,
  type JsonObject,
  type Middleware,
  type Principal,
} from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Gateway, type GatewayOptions, type RoutedCall } from '../src/index.ts';
import { STDIO, textOf } from './support/children.ts';
import { connectTo, isModern, listen, MODES, type Mode } from './support/clients.ts';
import { Recorder } from './support/fakes.ts';
import { ENVELOPE, eventsOf, modernRequest } from './support/raw.ts';

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
      (builder, name) =>
        builder.addTool({ name, parameters: z.looseObject({}), handler: (args) => `${name} ${JSON.stringify(args)}` }),
      new MCPServerBuilder({ name: 's', version: '1' }),
    )
    .build();

const namesOf = async (gateway: Gateway): Promise<string[]> =>
  ((await gateway.call('tools/list')).tools as { name: string }[]).map(({ name }) => name);
const call = async (gateway: Gateway, name: string, args: JsonObject = {}): Promise<string> =>
  textOf(await gateway.call('tools/call', { name, arguments: args }));

describe('public names', () => {
  const upstreams = { 'a b': { server: serverWith('x', 'y') }, b: { server: serverWith('x', 'z'.repeat(90)) } };
  const cut = (prefix: string): unknown => expect.stringMatching(new RegExp(`^${prefix}z+_[0-9a-f]{8}$`));

  it.each([
    ['always', ['a_b_x', 'a_b_y', 'b_x', cut('b_')]],
    ['conflict', ['b_x', cut('b_'), 'x', 'y']],
    ['never', ['x', 'y', 'z'.repeat(90)]],
  ] as const)('carry the upstream %s', async (naming, expected) => {
    const gateway = gatewayOf({ upstreams, naming });
    const names = await namesOf(gateway);
    expect(names).toEqual(expected);
    for (const name of names) expect(await call(gateway, name)).toMatch(/^[xyz]+ /);
  });
});

describe('an upstream with several endpoints', () => {
  it('has all of them reached as soon as it is needed, and uses them in turn', async () => {
    const endpoints = ['one', 'two', 'three'].map((name) => ({
      server: new MCPServerBuilder({ name, version: '1' }).addTool({ name: 'who', handler: () => name }).build(),
    }));
    const gateway = gatewayOf({ upstreams: { up: { endpoints } } });
    await gateway.call('tools/list');
    await vi.waitFor(() => {
      expect(gateway.status()[0]?.endpoints.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    });
    const answers = [await call(gateway, 'up_who'), await call(gateway, 'up_who'), await call(gateway, 'up_who')];
    expect(new Set(answers)).toEqual(new Set(['one', 'two', 'three']));
  });
});

describe('a gateway in a gateway', () => {
  it('serves the tools behind it, and one dead upstream behind it fails nobody else', async () => {
    const release: (() => void)[] = [];
    const slow = new MCPServerBuilder({ name: 's', version: '1' })
      .addTool({ name: 'slow', handler: () => new Promise<string>((resolve) => release.push(() => resolve('done'))) })
      .build();
    const dying = gatewayOf({ upstreams: { up: STDIO } });
    const inner = gatewayOf({ upstreams: { dead: { server: dying }, live: { server: slow } } });
    const outer = gatewayOf({ upstreams: { in: { server: inner }, own: { server: serverWith('x') } } });
    expect(await namesOf(outer)).toEqual(
      expect.arrayContaining(['in_dead_up_pid', 'in_live_slow', 'own_x']) as string[],
    );
    const pid = Number(await call(outer, 'in_dead_up_pid'));
    const running = call(outer, 'in_live_slow');
    await vi.waitFor(() => {
      expect(release).toHaveLength(1);
    });
    const doomed = call(outer, 'in_dead_up_wait', { ms: 5_000 });
    doomed.catch(() => undefined);
    await vi.waitFor(() => {
      expect(outer.status()[0]?.endpoints[0]?.load).toBe(2);
    });
    process.kill(pid, 'SIGKILL');
    await expect(doomed).rejects.toThrow('Upstream "in": Upstream "dead": Upstream "up": ');
    expect(outer.status()[0]?.endpoints[0]).toMatchObject({ state: 'ready', load: 1 });
    release[0]?.();
    expect(await running).toBe('done');
    await vi.waitFor(() => call(outer, 'in_dead_up_pid'), 5_000);
  });

  it('works over HTTP as well, names and progress included', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1' })
      .addTool({
        name: 'count',
        handler: (_, context) => {
          context.progress(1);
          context.progress(2);
          return 'counted';
        },
      })
      .build();
    const inner = gatewayOf({ upstreams: { s: { server } } });
    const listening = await listen(inner);
    ends.push(() => listening.close());
    const outer = gatewayOf({ upstreams: { in: { url: listening.url } } });
    const request = modernRequest('tools/call', {
      name: 'in_s_count',
      arguments: {},
      _meta: { progressToken: 'mine' },
    });
    const response = await outer.fetch(new Request('http://localhost/mcp', request));
    const events = eventsOf(await response.text());
    expect(events.map(({ params, result }) => params ?? result)).toMatchObject([
      { progressToken: 'mine', progress: 1 },
      { progressToken: 'mine', progress: 2 },
      { content: [{ text: 'counted' }] },
    ]);
  });
});

describe('middleware of the user', () => {
  const use = (middleware: Middleware<RoutedCall>): GatewayOptions => ({
    upstreams: { up: { server: serverWith('x', 'y') } },
    use: [middleware],
  });

  it('may call next twice', async () => {
    let calls = 0;
    const gateway = gatewayOf(
      use((next) => async (call) => {
        calls++;
        await next(call);
        return next(call);
      }),
    );
    expect(await call(gateway, 'up_x')).toBe('x {}');
    expect(calls).toBe(1);
  });

  it('may send the call elsewhere', async () => {
    const gateway = gatewayOf(use((next) => (call) => next({ ...call, route: { ...call.route, target: 'y' } })));
    expect(await call(gateway, 'up_x')).toBe('y {}');
  });

  it('may deny, by principal and upstream, and is asked for each call', async () => {
    const seen: string[] = [];
    const authenticate = (header: (name: string) => string | undefined): Principal => ({
      subject: header('authorization') ?? 'nobody',
      scopes: new Set(),
    });
    const gateway = gatewayOf({
      ...use((next) => (call) => {
        seen.push(`${call.principal?.subject} ${call.route.upstream.name} ${call.route.target}`);
        if (call.principal?.subject !== 'ann') throw new McpError('forbidden', 'Not for you.');
        return next(call);
      }),
      authenticate,
    });
    const as = async (authorization: string): Promise<Response> =>
      gateway.fetch(
        new Request('http://localhost/', modernRequest('tools/call', { name: 'up_x' }, { headers: { authorization } })),
      );
    expect((await as('ann')).status).toBe(200);
    const denied = await as('bob');
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({ id: 1, error: { code: -32600, message: 'Not for you.' } });
    expect(seen).toEqual(['ann up x', 'bob up x']);
  });

  it('may answer itself, and what it throws becomes an answer', async () => {
    const gateway = gatewayOf(
      use((next) => (call) => {
        if (call.route.target === 'y') return Promise.reject(new TypeError('internal secret'));
        return call.params.value.arguments
          ? Promise.resolve(
              resultReply(
                Payload.of<JsonObject>({ resultType: 'complete', content: [{ type: 'text', text: 'mine' }] }),
              ),
            )
          : next(call);
      }),
    );
    expect(await call(gateway, 'up_x')).toBe('mine');
    await expect(call(gateway, 'up_y')).rejects.not.toThrow('internal secret...');
    const response = await gateway.fetch(
      new Request('http://localhost/', modernRequest('tools/call', { name: 'up_y' })),
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('internal secret');
  });
});

/** An upstream over HTTP that keeps what it received and answers as it is told. */
async function recordingUpstream(): Promise<{
  url: string;
  requests: { headers: IncomingHttpHeaders; body: string; path: string; method: string }[];
  answer: (body: string, id: unknown) => string;
}> {
  const recording = {
    url: '',
    requests: [] as { headers: IncomingHttpHeaders; body: string; path: string; method: string }[],
    answer: (_: string, id: unknown) =>
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete","content":[]}}`,
  };
  const http = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      recording.requests.push({ headers: req.headers, body, path: req.url ?? '', method: req.method ?? '' });
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      const result = {
        'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
        'tools/list': {
          tools: [
            { name: 'x', inputSchema: { type: 'object' } },
            { name: 'caf\u00e9', inputSchema: { type: 'object' } },
          ],
        },
      }[method];
      res.setHeader('content-type', 'application/json');
      if (method === 'subscriptions/listen') res.writeHead(404).end();
      else if (result)
        res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ttlMs: 60_000, ...result } }));
      else res.end(recording.answer(body, id));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    http.close();
    http.closeAllConnections();
  });
  recording.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp?key=in-url`;
  return recording;
}

describe('what an HTTP upstream is sent', () => {
  it.each(Object.keys(MODES) as Mode[])(
    'has no credential of the caller (%s), but the configured headers',
    async (mode) => {
      const upstream = await recordingUpstream();
      const gateway = gatewayOf({
        upstreams: { up: { url: upstream.url, headers: { Authorization: 'Bearer configured', 'X-Tenant': 'acme' } } },
      });
      const client = MODES[mode]();
      const { StreamableHTTPClientTransport } = await import(
        mode === 'v1' ? '@modelcontextprotocol/sdk/client/streamableHttp.js' : '@modelcontextprotocol/client'
      );
      await client.connect(
        new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
          fetch: (url: string, init: RequestInit) => gateway.fetch(new Request(url, init)),
          requestInit: {
            headers: {
              authorization: 'Bearer callers-own',
              cookie: 'session=callers-own',
              'proxy-authorization': 'callers-own',
              'x-forwarded-for': 'callers-own',
              'x-tenant': 'callers-own',
              'mcp-param-region': 'eu-west',
            },
          },
        }),
      );
      ends.push(() => client.close());
      await client.listTools();
      await client.callTool({ name: 'up_x', arguments: {} });
      expect(upstream.requests.length).toBeGreaterThan(2);
      for (const { headers, body, path } of upstream.requests) {
        expect(JSON.stringify(headers) + body).not.toContain('callers-own');
        expect(headers).toMatchObject({ authorization: 'Bearer configured', 'x-tenant': 'acme' });
        expect(path).toBe('/mcp?key=in-url');
      }
      const sent = upstream.requests.at(-1)!;
      expect(sent.headers).toMatchObject({
        'mcp-method': 'tools/call',
        'mcp-name': 'x',
        'mcp-protocol-version': '2026-07-28',
        'mcp-param-region': 'eu-west',
      });
      expect((JSON.parse(sent.body) as { params: JsonObject }).params.name).toBe('x');
      expect(isModern(mode) || mode.includes('legacy') || mode === 'v1').toBe(true);
    },
  );

  it('has Mcp-Name encoded when it is not ASCII', async () => {
    const upstream = await recordingUpstream();
    const gateway = gatewayOf({ upstreams: { up: { url: upstream.url } } });
    await gateway.call('tools/call', { name: 'up_café' });
    expect(upstream.requests.at(-1)?.headers['mcp-name']).toBe(`=?base64?${Buffer.from('café').toString('base64')}?=`);
  });

  it('keeps big integers, unknown members, order and escapes in both directions', async () => {
    const upstream = await recordingUpstream();
    const gateway = gatewayOf({ upstreams: { up: { url: upstream.url } } });
    const listening = await listen(gateway);
    ends.push(() => listening.close());
    const args = '{"z":12345678901234567890123,"a":1.10,"n":{"deep":[1e400,-0]},"s":"\\u00e9\\/","name":"inner"}';
    const body = `{"x-top":1,"jsonrpc":"2.0","id":9007199254740991,"method":"tools/call","params":{"unknown":98765432109876543210,"_meta":${JSON.stringify(ENVELOPE)},"arguments":${args},"name":"up_x"}}`;
    const result = `{"resultType":"complete","big":12345678901234567890123,"content":[{"type":"text","text":"\\u00e9","x":1.0}],"_meta":{"own":99999999999999999999}}`;
    upstream.answer = (_, id) => `{"jsonrpc":"2.0","result":${result},"id":${JSON.stringify(id)}}`;
    await gateway.call('tools/list');
    for (const send of [
      (init: RequestInit) => fetch(listening.url, init),
      (init: RequestInit) => gateway.fetch(new Request('http://localhost/', init)),
    ]) {
      const response = await send({ ...modernRequest('tools/call', { name: 'up_x' }), body });
      const text = await response.text();
      expect(text).toContain(`"id":9007199254740991`);
      expect(text).toContain(result);
      const sent = upstream.requests.at(-1)!.body;
      expect(sent).toContain(`"arguments":${args}`);
      expect(sent).toContain('"unknown":98765432109876543210');
      expect(sent).toContain('"name":"x"');
      expect(sent).not.toContain('up_x');
    }
  });
});

describe('credentials in the options', () => {
  const secret = 's3cret-credential';
  const told = (thrown: unknown): unknown => [McpError.from(thrown).message, McpError.from(thrown).data];

  it('are in no error and no fact, whatever goes wrong', async () => {
    const recorder = new Recorder();
    const gateway = gatewayOf({
      upstreams: {
        refused: { url: `http://127.0.0.1:1/${secret}?token=${secret}`, headers: { authorization: secret } },
        gone: { command: '/no/such/command', args: [secret], env: { KEY: secret } },
        crash: { command: process.execPath, args: ['-e', 'process.exit(1)', '--', secret], env: { KEY: secret } },
        child: { ...STDIO, args: [...STDIO.args, secret], env: { ...STDIO.env, KEY: secret } },
        good: { server: serverWith('x') },
      },
      telemetry: recorder,
    });
    await gateway.start();
    const said: unknown[] = [];
    for (const method of ['tools/list', 'resources/list', 'server/discover'])
      said.push(await gateway.call(method).catch(told));
    for (const name of ['refused_x', 'gone_x', 'child_nope']) said.push(await call(gateway, name).catch(told));
    const pid = Number(await call(gateway, 'child_pid'));
    const running = call(gateway, 'child_wait', { ms: 5_000 });
    running.catch(() => undefined);
    process.kill(pid, 'SIGKILL');
    said.push(await running.catch(told));
    said.push(recorder.facts, gateway.status());
    expect(JSON.stringify(said)).not.toContain(secret);
    expect(recorder.names).toEqual(
      expect.arrayContaining(['upstream.down', 'upstream.stopped', 'upstream.ready', 'call']),
    );
  });

  it('of this process do not reach a child; its own do', async () => {
    vi.stubEnv('A_SECRET_OF_THE_HOST', secret);
    ends.push(() => vi.unstubAllEnvs());
    const gateway = gatewayOf({ upstreams: { up: { ...STDIO, env: { ...STDIO.env, ITS_OWN: 'yes' } } } });
    const { structuredContent } = await gateway.call('tools/call', { name: 'up_env' });
    const { env } = structuredContent as { env: Record<string, string> };
    expect(env).toMatchObject({ ITS_OWN: 'yes', PATH: process.env.PATH });
    expect(JSON.stringify(env)).not.toContain(secret);
  });
});

describe('many children', () => {
  it('do not make Node warn of a leak', { timeout: 30_000 }, async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', onWarning);
    ends.push(() => process.off('warning', onWarning));
    const silent = { command: process.execPath, args: ['-e', 'process.stdin.resume()'] };
    const gateway = gatewayOf({
      upstreams: Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`up${index}`, silent])),
      listTimeoutMs: 100,
    });
    await gateway.start();
    await gateway.close();
    expect(warnings).toEqual([]);
  });
});

describe('calling a gateway in this process', () => {
  it('stamps who calls, and passes progress and abort', async () => {
    const seen: JsonObject[] = [];
    const server: Handler = (call) => {
      seen.push(call.params.value);
      return serverWith('x').handler(call);
    };
    const gateway = gatewayOf({ upstreams: { up: { server } }, name: 'me', version: '9' });
    await gateway.call('tools/call', { name: 'up_x', arguments: { n: 1 } });
    expect(seen.at(-1)).toMatchObject({
      name: 'x',
      _meta: { 'io.modelcontextprotocol/clientInfo': { name: 'me', version: '9' } },
    });
    await expect(gateway.call('tools/call', { name: 'up_x' }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('refuses a cursor that it never gave', async () => {
    const gateway = gatewayOf({ upstreams: { up: { server: serverWith('x') } } });
    await expect(gateway.call('tools/list', { cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_params' });
    const reply = await gateway.handler(createCall('tools/list'));
    expect(reply.peek()).toBe('complete');
  });

  it('serves an official client in memory while others come and go', async () => {
    const gateway = gatewayOf({ upstreams: { up: { server: serverWith('x') } } });
    for (const mode of Object.keys(MODES) as Mode[]) {
      const client = await connectTo(gateway, mode, { kind: 'in memory', url: '' });
      expect((await client.listTools()).tools).toHaveLength(1);
      await client.close();
    }
  });
});
