import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  createCall,
  isJsonObject,
  MCPServerBuilder,
  Payload,
  streamReply,
  type Handler,
  type JsonObject,
  type MCPServer,
  type Message,
  type NodeHandler,
} from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { deferred, Recorder } from './support/fakes.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const watched = new Map<string, () => void>();

const shop = (name: string): MCPServer =>
  new MCPServerBuilder({ name, version: '1', instructions: `How to use ${name}.` })
    .addTool({ name: 'buy', handler: () => `bought at ${name}` })
    .addTool({ name: 'refund', handler: () => `refunded by ${name}` })
    .addPrompt({ name: 'pitch', handler: () => `Buy at ${name}.` })
    .addResource({
      uri: `${name}://stock`,
      name: 'stock',
      subscribe: (_, changed) => {
        watched.set(name, changed);
        return () => watched.delete(name);
      },
      handler: () => `stock of ${name}`,
    })
    .addResource({ uri: `${name}://secret`, name: 'secret', handler: () => `secret of ${name}` })
    .build();

function gatewayOf(options: Partial<GatewayOptions> = {}): { gateway: Gateway; books: MCPServer; toys: MCPServer } {
  const [books, toys] = [shop('books'), shop('toys')];
  const gateway = new Gateway({ upstreams: { books: { server: books }, toys: { server: toys } }, ...options });
  ends.push(() => gateway.close());
  return { gateway, books, toys };
}

type Callable = Pick<Gateway, 'call' | 'handler'>;

const toolsOf = async (view: Callable): Promise<string[]> =>
  ((await view.call('tools/list')).tools as { name: string }[]).map(({ name }) => name);

/** What a listener is told, as it comes. */
async function listenTo(view: Callable, notifications: JsonObject): Promise<string[]> {
  const stop = new AbortController();
  const reply = await view.handler(createCall('subscriptions/listen', { notifications }, { signal: stop.signal }));
  const told: string[] = [];
  const reading = (async () => {
    for await (const message of reply.messages())
      if (message.kind === 'notification') told.push(JSON.stringify([message.method, message.params.value]));
  })();
  ends.push(async () => {
    stop.abort();
    await reading;
  });
  await vi.waitFor(() => expect(told).toHaveLength(1));
  return told;
}

const TOOLS = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

const post = (door: Pick<Gateway, 'fetch'>, message: JsonObject, session?: string): Promise<Response> =>
  door.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify(message),
    }),
  );

/** The token of a legacy session. */
async function sessionOf(door: Pick<Gateway, 'fetch'>): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const { headers } = await post(door, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  return headers.get('mcp-session-id') ?? '';
}

describe('a view', () => {
  it('shows what it has: nothing else can be listed, called, read, got, completed or watched', async () => {
    const { gateway } = gatewayOf();
    const view = gateway.view({
      name: 'team',
      upstreams: ['books'],
      tools: ['books_buy'],
      prompts: [],
      resources: { exclude: ['*://secret'] },
    });
    expect(await toolsOf(view)).toEqual(['books_buy']);
    expect(await view.call('prompts/list')).toMatchObject({ prompts: [] });
    expect(await view.call('resources/list')).toMatchObject({ resources: [{ uri: 'books://stock' }] });
    expect(await view.call('tools/call', { name: 'books_buy' })).toMatchObject({
      content: [{ text: 'bought at books' }],
    });
    expect(await view.call('resources/read', { uri: 'books://stock' })).toMatchObject({
      contents: [{ text: 'stock of books' }],
    });
    for (const [method, params] of [
      ['tools/call', { name: 'books_refund' }],
      ['tools/call', { name: 'toys_buy' }],
      ['prompts/get', { name: 'books_pitch' }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'books_pitch' }, argument: { name: 'x', value: '' } }],
      ['resources/read', { uri: 'books://secret' }],
      ['resources/read', { uri: 'toys://stock' }],
    ] as const)
      await expect(view.call(method, params)).rejects.toMatchObject({ code: 'not_found' });
    const [acknowledged] = await listenTo(view, {
      resourceSubscriptions: ['books://secret', 'toys://stock', 'books://stock'],
    });
    expect(acknowledged).toContain('"resourceSubscriptions":["books://stock"]');
    expect(await toolsOf(gateway)).toEqual(['books_buy', 'books_refund', 'toys_buy', 'toys_refund']);
  });

  it('says of itself what it is, and only what its upstreams can', async () => {
    const { gateway } = gatewayOf({ instructions: 'Of the gateway.' });
    const view = gateway.view({ name: 'team', upstreams: ['toys'], instructions: 'Of the team.' });
    const discovered = await view.call('server/discover');
    expect(discovered.instructions).toBe('Of the team.\n\n# toys\n\nHow to use toys.');
    expect(discovered._meta).toMatchObject({
      'io.modelcontextprotocol/serverInfo': { name: 'team', version: '0.1.0' },
    });
    const bare = gateway.view({ name: 'bare', version: '9' });
    expect((await bare.call('server/discover')).instructions).toBe(
      '# books\n\nHow to use books.\n\n# toys\n\nHow to use toys.',
    );
  });

  it('is told of changes of its own list, and of nothing else', async () => {
    const { gateway, books, toys } = gatewayOf();
    await gateway.start();
    const changes = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const all = await listenTo(gateway, changes);
    const one = await listenTo(gateway.view({ name: 'one', tools: ['books_buy', 'books_new'], prompts: [] }), changes);
    const other = await listenTo(gateway.view({ name: 'other', upstreams: ['toys'] }), changes);
    const counts = (): number[] => [all, one, other].map(({ length }) => length);
    books.tools.add({ name: 'unseen', handler: () => '' });
    await vi.waitFor(() => expect(counts()).toEqual([2, 1, 1]));
    toys.tools.add({ name: 'ball', handler: () => '' });
    await vi.waitFor(() => expect(counts()).toEqual([3, 1, 2]));
    books.tools.add({ name: 'new', handler: () => '' });
    await vi.waitFor(() => expect(counts()).toEqual([4, 2, 2]), { timeout: 5_000 });
    expect(one[1]).toContain('notifications/tools/list_changed');
  });

  it('hears of no part that it lacks of a resource that it watches', async () => {
    const listening = deferred();
    const updates = ['doc://shelf/secret', 'doc://shelf/open'];
    const inner = new MCPServerBuilder({ name: 's', version: '1' })
      .addResource({ uri: 'doc://shelf', name: 'shelf', subscribe: () => () => undefined, handler: () => '' })
      .build();
    const notice = (method: string, params: JsonObject): Message => ({
      kind: 'notification',
      method,
      params: Payload.of(params),
    });
    const server: Handler = (call) => {
      const { notifications } = call.params.value;
      if (!(isJsonObject(notifications) && notifications.resourceSubscriptions)) return inner.handler(call);
      const messages = async function* (): AsyncGenerator<Message> {
        yield notice('notifications/subscriptions/acknowledged', { notifications });
        await listening.promise;
        for (const uri of updates) yield notice('notifications/resources/updated', { uri });
        await new Promise((resolve) => {
          call.signal.addEventListener('abort', resolve);
        });
      };
      return Promise.resolve(streamReply(messages(), () => undefined));
    };
    const { gateway } = gatewayOf({ upstreams: { s: { server } } });
    const view = gateway.view({ name: 'team', resources: { exclude: ['*secret'] } });
    const told = await listenTo(view, { resourceSubscriptions: ['doc://shelf'] });
    listening.resolve();
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]).toContain('doc://shelf/open');
  });

  it('has a path of its own, for official clients', async () => {
    const { gateway } = gatewayOf();
    const view = gateway.view({ name: 'team', tools: ['toys_*'] });
    const routes: Record<string, NodeHandler> = { '/mcp': gateway.handle, '/team': view.handle };
    const http = createServer((req, res) => void routes[req.url ?? '']?.(req, res));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      http.close();
      http.closeAllConnections();
    });
    const { port } = http.address() as AddressInfo;
    for (const mode of ['legacy', { pin: '2026-07-28' }] as const)
      for (const [path, expected] of [
        ['team', ['toys_buy', 'toys_refund']],
        ['mcp', ['books_buy', 'books_refund', 'toys_buy', 'toys_refund']],
      ] as const) {
        const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode } });
        await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/${path}`)));
        ends.push(() => client.close());
        expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(expected);
      }
    const inMemory = new Client({ name: 't', version: '1' });
    await inMemory.connect(view.connect() as never);
    ends.push(() => inMemory.close());
    expect((await inMemory.listTools()).tools).toHaveLength(2);
    const response = await view.fetch(new Request('http://localhost/team', { method: 'PUT' }));
    expect(response.status).toBe(405);
  });

  it('takes no session and no state that was made in another view', async () => {
    const asks = new MCPServerBuilder({ name: 'desk', version: '1' })
      .addTool({
        name: 'book',
        handler: async (_, { ask }) => (await ask(z.object({}), 'Where to?')).action,
      })
      .build();
    const { gateway } = gatewayOf({ upstreams: { desk: { server: asks } } });
    const doors = [gateway, gateway.view({ name: 'one' }), gateway.view({ name: 'two' })];
    const capable = { clientCapabilities: { elicitation: { form: {} } } };
    const book = (door: Callable, more: JsonObject = {}) =>
      door.call('tools/call', { name: 'desk_book', ...more }, capable);
    for (const made of doors) {
      const { inputRequests, requestState } = await book(made);
      const [key = ''] = Object.keys(inputRequests as JsonObject);
      const retry = { requestState, inputResponses: { [key]: { action: 'decline' } } };
      const session = await sessionOf(made);
      for (const other of doors.filter((door) => door !== made)) {
        await expect(book(other, retry)).rejects.toThrow('requestState is not one of this call');
        expect((await post(other, TOOLS, session)).status).toBe(404);
      }
      expect((await post(made, TOOLS, session)).status).toBe(200);
      expect(await book(made, retry)).toMatchObject({ resultType: 'complete' });
    }
  });

  it('ends alone: its streams end, its calls are refused, its name is free', async () => {
    const { gateway } = gatewayOf();
    const view = gateway.view({ name: 'team' });
    expect(() => gateway.view({ name: 'team' })).toThrow(
      'view: name is "team"; allowed: a name that no open view has.',
    );
    const stream = await view.handler(
      createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }),
    );
    const result = stream.result();
    await view.close();
    expect(await result).toMatchObject({ resultType: 'complete' });
    await expect(view.call('tools/list')).rejects.toThrow('The view "team" is closing');
    expect(await toolsOf(gateway)).toHaveLength(4);
    expect(await toolsOf(gateway.view({ name: 'team' }))).toHaveLength(4);
  });

  it('ends with the gateway', async () => {
    const { gateway } = gatewayOf();
    const view = gateway.view({ name: 'team' });
    await gateway.close();
    await expect(view.call('tools/list')).rejects.toMatchObject({ code: 'overloaded' });
    expect(() => gateway.view({ name: 'late' })).toThrow('closing');
  });

  it('is named in what is told of its calls', async () => {
    const recorder = new Recorder();
    const { gateway } = gatewayOf({ telemetry: recorder });
    await gateway.view({ name: 'team' }).call('tools/call', { name: 'toys_buy' });
    await gateway.call('tools/call', { name: 'toys_buy' });
    const calls = recorder.facts.filter(({ name }) => name === 'call');
    expect(calls.map(({ fields }) => fields?.view)).toEqual(['view "team"', undefined]);
  });
});

describe('what upstreams offer', () => {
  it('is selected, renamed and described for all callers', async () => {
    const { gateway } = gatewayOf({
      upstreams: {
        books: {
          server: shop('books'),
          tools: { exclude: ['ref*'], rename: { buy: 'order' }, describe: { buy: { description: 'Orders a book.' } } },
          prompts: [],
          resources: { include: ['books://stock'] },
        },
        toys: { server: shop('toys'), tools: ['buy'] },
      },
    });
    expect((await gateway.call('tools/list')).tools).toMatchObject([
      { name: 'order', description: 'Orders a book.' },
      { name: 'toys_buy' },
    ]);
    expect(await gateway.call('tools/call', { name: 'order' })).toMatchObject({
      content: [{ text: 'bought at books' }],
    });
    for (const name of ['books_buy', 'books_refund', 'toys_refund', 'buy'])
      await expect(gateway.call('tools/call', { name })).rejects.toMatchObject({ code: 'not_found' });
    await expect(gateway.call('prompts/get', { name: 'books_pitch' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(gateway.call('resources/read', { uri: 'books://secret' })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await gateway.call('resources/read', { uri: 'toys://secret' })).toBeDefined();
  });

  it('may be said in a config, as hosts do', async () => {
    const config = { mcpServers: { x: { url: 'http://127.0.0.1:1', tools: ['a', 5] } } };
    await expect(Gateway.fromConfig(config)).rejects.toThrow(
      'upstreams.x.tools.include is an array; allowed: an array of',
    );
  });

  it('keeps its names in a later gateway, whatever comes before it', async () => {
    const naming = 'conflict';
    const first = new Gateway({ upstreams: { toys: { server: shop('toys') } }, naming });
    expect(await toolsOf(first)).toEqual(['buy', 'refund']);
    const names = first.names();
    await first.close();
    const { gateway } = gatewayOf({ naming, names });
    expect(await toolsOf(gateway)).toEqual(['books_buy', 'books_refund', 'buy', 'refund']);
    expect(await gateway.call('tools/call', { name: 'buy' })).toMatchObject({ content: [{ text: 'bought at toys' }] });
  });
});

describe('a list of many pages', () => {
  it('is read to its end by any client, across an upstream that changes', async () => {
    const { gateway, books } = gatewayOf({ pageSize: 3 });
    for (let n = 10; n < 20; n++) books.tools.add({ name: `t${n}`, handler: () => '' });
    const expected = ['books_buy', 'books_refund', ...Array.from({ length: 10 }, (_, n) => `books_t1${n}`)];
    for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
      const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode } });
      await client.connect(gateway.connect() as never);
      ends.push(() => client.close());
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page: Awaited<ReturnType<typeof client.listTools>> = await client.listTools(cursor ? { cursor } : {});
        names.push(...page.tools.map(({ name }) => name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect([...new Set(names)]).toEqual([...expected, 'toys_buy', 'toys_refund']);
    }
    await expect(gateway.call('tools/list', { cursor: 'made up' })).rejects.toMatchObject({ code: 'invalid_params' });
  });

  it('is private on each page if any upstream says so', async () => {
    const server = (name: string, cacheScope: 'public' | 'private'): MCPServer =>
      new MCPServerBuilder({ name, version: '1', cacheScope }).addTool({ name: 't', handler: () => '' }).build();
    const upstreams = { a: { server: server('a', 'public') }, b: { server: server('b', 'private') } };
    const gateway = new Gateway({ upstreams, pageSize: 1 });
    ends.push(() => gateway.close());
    const first = await gateway.call('tools/list');
    const second = await gateway.call('tools/list', { cursor: first.nextCursor });
    expect([first, second]).toMatchObject([{ tools: [{ name: 'a_t' }] }, { tools: [{ name: 'b_t' }] }]);
    expect([first.cacheScope, second.cacheScope]).toEqual(['private', 'private']);
  });
});

describe('resources that two upstreams have', () => {
  const twin = (name: string): MCPServer =>
    new MCPServerBuilder({ name, version: '1' })
      .addResource({
        uri: 'doc://readme',
        name: 'readme',
        subscribe: (_, changed) => {
          watched.set(name, changed);
          return () => watched.delete(name);
        },
        handler: () => `readme of ${name}`,
      })
      .addTool({
        name: 'link',
        handler: () => ({ content: [{ type: 'resource_link' as const, uri: 'doc://readme', name: 'readme' }] }),
      })
      .build();
  const upstreams = () => ({ a: { server: twin('a') }, b: { server: twin('b') } });

  it.each([
    ['first', ['doc://readme'], ['doc://readme', 'doc://readme']],
    ['namespaced', ['doc://readme', 'mcp.b+doc://readme'], ['doc://readme', 'mcp.b+doc://readme']],
    ['error', [], ['doc://readme', 'doc://readme']],
  ] as const)('are listed, linked and watched as %s says', async (resources, listed, linked) => {
    const { gateway } = gatewayOf({ upstreams: upstreams(), resources });
    await gateway.call('resources/list');
    const uris = ((await gateway.call('resources/list')).resources as { uri: string }[]).map(({ uri }) => uri);
    expect(uris).toEqual(listed);
    const links = await Promise.all(['a_link', 'b_link'].map((name) => gateway.call('tools/call', { name })));
    expect(links.map(({ content }) => (content as { uri: string }[])[0]?.uri)).toEqual(linked);
    for (const uri of uris) {
      const owner = uri.startsWith('mcp.b') ? 'b' : 'a';
      expect(await gateway.call('resources/read', { uri })).toMatchObject({
        contents: [{ uri, text: `readme of ${owner}` }],
      });
      const told = await listenTo(gateway, { resourceSubscriptions: [uri] });
      watched.get(owner)?.();
      await vi.waitFor(() => expect(told[1]).toContain(`"uri":"${uri}"`));
    }
    if (resources === 'error')
      await expect(gateway.call('resources/read', { uri: 'doc://readme' })).rejects.toThrow(
        'Several upstreams have the resource doc://readme: a, b.',
      );
  });
});
