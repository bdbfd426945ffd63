// One describe for each row of the mapping tables of the design; `mapping-table-asking.test.ts` has those that ask.
import { createCall, META, MODERN_VERSION, type Call, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewayOptions, type UpstreamOptions } from '../src/index.ts';
import { LegacyCaller } from './support/legacy-caller.ts';
import { legacyServer, MEDIA, modernServer, seeing, startLegacyHttp } from './support/mapping.ts';
import { modernRequest } from './support/raw.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function gatewayTo(upstream: UpstreamOptions, options: Partial<GatewayOptions> = {}): Gateway {
  const gateway = new Gateway({ upstreams: { up: upstream }, naming: 'never', ...options });
  open.push(gateway);
  return gateway;
}

const toModern = (options?: Partial<GatewayOptions>): Gateway => gatewayTo({ server: modernServer() }, options);

const abortable = (): AbortSignal => {
  const controller = new AbortController();
  open.push({
    close: () => {
      controller.abort();
    },
  });
  return controller.signal;
};

describe('change notifications', () => {
  it('of a modern upstream come to a legacy caller on its stream', async () => {
    const server = modernServer();
    const gateway = gatewayTo({ server });
    await gateway.start();
    const stream = (await LegacyCaller.open(gateway)).listen(abortable());
    const first = stream.next();
    await gateway.call('tools/list');
    server.tools.add({ name: 'new', handler: () => 'new' });
    expect((await first).value?.message).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  it('of a legacy upstream come to a modern caller in its listen call', async () => {
    const { server } = legacyServer();
    const gateway = gatewayTo({ server });
    await gateway.start();
    const notifications = { toolsListChanged: true };
    const reply = await gateway.handler(createCall('subscriptions/listen', { notifications }, { signal: abortable() }));
    const messages = reply.messages()[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    server.registerTool('new', {}, () => ({ content: [] }));
    expect((await messages.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' });
  });
});

describe('log level, capabilities and version', () => {
  it('are kept in the session and stamped on each call', async () => {
    const calls: Call[] = [];
    const caller = await LegacyCaller.open(gatewayTo({ server: seeing(calls) }), {
      version: '2025-06-18',
      capabilities: { roots: {} },
    });
    await caller.answer('logging/setLevel', { level: 'warning' });
    await caller.answer('tools/call', { name: 'x', _meta: { [META.logLevel]: 'debug' } });
    expect(calls[0]?.params.value._meta).toMatchObject({
      [META.protocolVersion]: MODERN_VERSION,
      [META.logLevel]: 'warning',
      [META.clientCapabilities]: { roots: {} },
    });
  });
});

describe('the identity of a conversation', () => {
  it('is a sealed token that any replica takes', async () => {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const [one, two, other] = [toModern({ secret }), toModern({ secret }), toModern()];
    const caller = await LegacyCaller.open(one);
    expect((await caller.at(two).answer('tools/list')).result).toBeDefined();
    expect((await caller.at(other).post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404);
  });

  it('is none for modern callers', async () => {
    const response = await toModern().fetch(new Request('http://localhost', modernRequest('tools/list')));
    expect(response.headers.has('mcp-session-id')).toBe(false);
  });
});

describe('ping', () => {
  it('is answered in the codec; the modern era has none', async () => {
    const calls: Call[] = [];
    const gateway = gatewayTo({ server: seeing(calls) });
    expect(await (await LegacyCaller.open(gateway)).answer('ping')).toMatchObject({ result: {} });
    expect(calls).toEqual([]);
    const response = await gateway.fetch(new Request('http://localhost', modernRequest('ping')));
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: -32601 } }]);
  });
});

describe('resources/subscribe', () => {
  it('is an error if the upstream does not acknowledge', async () => {
    const caller = await LegacyCaller.open(toModern());
    expect(await caller.answer('resources/subscribe', { uri: 'up://nowhere' })).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('is one watch upstream for all callers, that ends with the last; parts are told of', async () => {
    const { server, watched, updated } = legacyServer();
    const gateway = gatewayTo({ server });
    const callers = [await LegacyCaller.open(gateway), await LegacyCaller.open(gateway)] as const;
    const streams = callers
      .map((caller) => caller.listen(abortable()))
      .map((stream) => [stream, stream.next()] as const);
    for (const caller of callers)
      expect(await caller.answer('resources/subscribe', { uri: 'old://r' })).toMatchObject({ result: {} });
    updated('old://r');
    for (const [, first] of streams) expect((await first).value?.message).toMatchObject({ params: { uri: 'old://r' } });
    await callers[0].answer('resources/unsubscribe', { uri: 'old://r' });
    expect(watched.filter((one) => one.startsWith('-'))).toEqual([]);
    const second = streams[1]![0].next();
    updated('old://r/part');
    expect((await second).value?.message).toMatchObject({
      method: 'notifications/resources/updated',
      params: { uri: 'old://r/part' },
    });
    await callers[1].answer('resources/unsubscribe', { uri: 'old://r' });
    await expect.poll(() => watched.at(-1)).toBe('-old://r');
    expect(watched.filter((one) => one.startsWith('-'))).toHaveLength(1);
  });

  it('outlives another watch that begins and ends beside it', async () => {
    const { server, updated, watched } = legacyServer();
    server.registerResource('s', 'old://s', {}, (uri) => ({ contents: [{ uri: uri.href, text: 's' }] }));
    const gateway = gatewayTo({ server });
    const [one, two] = [await LegacyCaller.open(gateway), await LegacyCaller.open(gateway)] as const;
    const stream = one.listen(abortable());
    const first = stream.next();
    await one.answer('resources/subscribe', { uri: 'old://r' });
    await two.answer('resources/subscribe', { uri: 'old://s' });
    await two.answer('resources/unsubscribe', { uri: 'old://s' });
    await gateway.call('tools/list');
    expect(watched).not.toContain('-old://r');
    updated('old://r');
    expect((await first).value?.message).toMatchObject({ params: { uri: 'old://r' } });
  });
});

describe('logging/setLevel', () => {
  it('is the most verbose in force upstream, and filtered for each caller', async () => {
    const gateway = gatewayTo({ server: legacyServer().server });
    const [verbose, quiet] = [await LegacyCaller.open(gateway), await LegacyCaller.open(gateway)] as const;
    await verbose.answer('logging/setLevel', { level: 'debug' });
    await quiet.answer('logging/setLevel', { level: 'error' });
    const told = async (caller: LegacyCaller): Promise<unknown[]> =>
      (await caller.call('tools/call', { name: 'tell' })).map(({ method }) => method);
    expect(await told(verbose)).toEqual(['notifications/message', undefined]);
    expect(await told(quiet)).toEqual([undefined]);
    expect(await told(verbose)).toEqual(['notifications/message', undefined]);
  });
});

describe('tasks of 2025-11-25', () => {
  it('are not advertised to modern callers', async () => {
    const { server } = legacyServer();
    server.server.registerCapabilities({ tasks: { list: {}, cancel: {} } });
    const { capabilities } = await gatewayTo({ server }).call('server/discover');
    expect(capabilities).not.toHaveProperty('tasks');
  });
});

describe('callers before 2025-06-18 and 2024-11-05', () => {
  const [text, link, audio] = MEDIA;
  const linkText = { type: 'text', text: 'r: up://r\nlinked' };
  const audioText = { type: 'text', text: '[audio: audio/wav]' };

  it.each([
    ['2025-11-25', [text, link, audio]],
    ['2025-06-18', [text, link, audio]],
    ['2025-03-26', [text, linkText, audio]],
    ['2024-11-05', [text, linkText, audioText]],
  ])('get as text what %s does not know', async (version, expected) => {
    const caller = await LegacyCaller.open(toModern(), { version });
    expect(caller.server.protocolVersion).toBe(version);
    const { result } = await caller.answer('tools/call', { name: 'media' });
    expect((result as JsonObject).content).toMatchObject(expected);
    const prompt = (await caller.answer('prompts/get', { name: 'media' })).result as { messages: unknown[] };
    expect(prompt.messages).toMatchObject(expected.map((content) => ({ content })));
  });

  it('get objects where later revisions have anything', async () => {
    const caller = await LegacyCaller.open(toModern());
    const { tools } = (await caller.answer('tools/list')).result as { tools: JsonObject[] };
    expect(tools.find(({ name }) => name === 'numbers')?.outputSchema).toMatchObject({
      type: 'object',
      properties: { result: { type: 'array' } },
    });
    const { result } = await caller.answer('tools/call', { name: 'numbers' });
    expect(result).toMatchObject({ structuredContent: { result: [1, 2] } });
    expect(await toModern().call('tools/call', { name: 'numbers' })).toMatchObject({ structuredContent: [1, 2] });
  });

  it('know -32002 for what is not there; it is -32602 inside', async () => {
    const caller = await LegacyCaller.open(toModern(), { version: '2024-11-05' });
    expect(await caller.answer('resources/read', { uri: 'up://none' })).toMatchObject({ error: { code: -32002 } });
    const read = gatewayTo({ server: legacyServer().server }).call('resources/read', { uri: 'old://gone' });
    await expect(read).rejects.toMatchObject({ rpc: { code: -32602 } });
  });
});

describe('JSON-RPC batches', () => {
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'numbers' } },
  ];

  it('are received in sessions of 2025-03-26', async () => {
    const response = await (await LegacyCaller.open(toModern(), { version: '2025-03-26' })).post(batch);
    expect([response.status, await response.json()]).toMatchObject([200, [{ id: 1 }, { id: 2, result: {} }]]);
  });

  it.each(['2024-11-05', '2025-06-18', '2025-11-25'])('are refused in sessions of %s', async (version) => {
    const response = await (await LegacyCaller.open(toModern(), { version })).post(batch);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32600 } }]);
  });

  it('are refused without a session', async () => {
    expect((await new LegacyCaller(toModern(), {}).post(batch)).status).toBe(400);
  });
});

describe('an upstream session that expired', () => {
  it('is initialised again where callers share it', async () => {
    const http = await startLegacyHttp();
    open.push(http);
    const caller = await LegacyCaller.open(gatewayTo({ url: http.url }));
    expect(await caller.answer('tools/call', { name: 'tell' })).toHaveProperty('result');
    const before = http.opened();
    http.forget();
    expect(await caller.answer('tools/call', { name: 'tell' })).toHaveProperty('result');
    expect(http.opened()).toBe(before + 1);
  });
});

describe('an isolated upstream session that expired', () => {
  it('ends the session of its caller, who gets 404 from then on', async () => {
    const http = await startLegacyHttp();
    open.push(http);
    const caller = await LegacyCaller.open(gatewayTo({ url: http.url, isolation: 'session' }));
    expect(await caller.answer('tools/call', { name: 'tell' })).toHaveProperty('result');
    http.forget();
    const lost = await caller.post({ jsonrpc: '2.0', id: 'lost', method: 'tools/call', params: { name: 'tell' } });
    expect(await lost.json()).toHaveProperty('error');
    expect((await caller.post({ jsonrpc: '2.0', id: 'next', method: 'ping' })).status).toBe(404);
  });
});

describe('instructions and capabilities', () => {
  it('are those of the upstreams', async () => {
    const gateway = new Gateway({
      upstreams: { one: { server: modernServer() }, two: { server: legacyServer().server } },
    });
    open.push(gateway);
    const { server } = await LegacyCaller.open(gateway);
    expect(server.instructions).toContain('Be brief.');
    expect(server.instructions).toContain('Be kind.');
    expect(server.capabilities).toMatchObject({ tools: {}, prompts: {}, resources: { subscribe: true }, logging: {} });
  });
});

describe('Last-Event-ID', () => {
  it('goes on where the stream of a legacy caller was left', async () => {
    const server = modernServer();
    const gateway = gatewayTo({ server });
    await gateway.start();
    const caller = await LegacyCaller.open(gateway);
    const cut = new AbortController();
    const stream = caller.listen(cut.signal);
    const first = stream.next();
    await gateway.call('tools/list');
    server.tools.add({ name: 'new', handler: () => 'new' });
    const { id } = (await first).value!;
    cut.abort();
    server.prompts.add({ name: 'new', handler: () => 'new' });
    expect((await caller.listen(abortable(), id).next()).value?.message).toMatchObject({
      method: 'notifications/prompts/list_changed',
    });
  });
});
