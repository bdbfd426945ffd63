import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCall, type Call, type Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Middleware } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import type { NotificationMessage } from '../core/reply.ts';
import { createMemoryStore } from '../core/store.ts';
import { MCPServerBuilder } from './builder.ts';
import type { MCPServer } from './server.ts';

const builder = (): MCPServerBuilder => new MCPServerBuilder({ name: 's', version: '1' });
const call = async (server: MCPServer, method: string, params: JsonObject = {}): Promise<JsonObject> =>
  (await server.handler(createCall(method, params))).result();
const namesOf = async (server: MCPServer, kind: 'tools' | 'prompts'): Promise<unknown[]> =>
  ((await call(server, `${kind}/list`)) as Record<string, { name: string }[]>)[kind]!.map(({ name }) => name);
const textOf = async (server: MCPServer, name: string): Promise<string | undefined> =>
  ((await call(server, 'tools/call', { name })) as { content: { text: string }[] }).content[0]?.text;

/** Refuses every call, as a check of credentials would. */
const refuse: Middleware = () => () => Promise.reject(new McpError('forbidden', 'not for you'));

describe('a group', () => {
  test('puts its tools and prompts under its prefix, and those of groups within it under both', async () => {
    const server = builder()
      .group('a_', (a) =>
        a
          .addTool({ name: 't', handler: () => 'a_t' })
          .addPrompt({ name: 'p', handler: () => 'x' })
          .group('b_', (b) => b.addTool({ name: 't', handler: () => 'a_b_t' })),
      )
      .build();
    expect(await namesOf(server, 'tools')).toEqual(['a_t', 'a_b_t']);
    expect(await namesOf(server, 'prompts')).toEqual(['a_p']);
    expect(await textOf(server, 'a_b_t')).toBe('a_b_t');
  });

  test('wraps what is defined in it, and nothing else', async () => {
    const seen: string[] = [];
    const note =
      (layer: string): Middleware =>
      (next) =>
      (given) => (seen.push(`${layer} ${String(given.target)}`), next(given));
    const server = builder()
      .addTool({ name: 'outside', handler: () => 'x' })
      .group('a_', (a) =>
        a
          .use(note('a'))
          .addTool({ name: 't', handler: () => 'x' })
          .group('b_', (b) => b.use(note('b')).addTool({ name: 't', handler: () => 'x' })),
      )
      .build();
    for (const name of ['outside', 'a_t', 'a_b_t']) await textOf(server, name);
    expect(seen).toEqual(['a a_t', 'a a_b_t', 'b a_b_t']);
  });

  test('wraps its tool functions from the outside in', async () => {
    const mark =
      (name: string) =>
      (next: (params: unknown, context: never) => Promise<unknown>) =>
      async (params: unknown, context: never): Promise<string> =>
        `${name}(${String(await next(params, context))})`;
    const server = builder()
      .useTool(mark('server') as never)
      .group('a_', (a) => a.useTool(mark('group') as never).addTool({ name: 't', handler: () => 'x' }))
      .build();
    expect(await textOf(server, 'a_t')).toBe('server(group(x))');
  });

  test('wraps lists and completions of what is defined in it as well', async () => {
    const server = builder()
      .group('a_', (a) =>
        a
          .use(refuse)
          .addResource({
            uriTemplate: 'a://{id}',
            name: 'a',
            list: () => [{ uri: 'a://1', name: '1' }],
            handler: () => 'x',
          })
          .addPrompt({
            name: 'p',
            parameters: z.object({ x: z.string() }),
            complete: { x: () => ['secret'] },
            handler: () => 'x',
          })
          .addCompletion({ ref: { type: 'ref/prompt', name: 'p' }, argument: 'y', complete: () => ['secret'] }),
      )
      .build();
    await expect(call(server, 'resources/list')).rejects.toThrow('not for you');
    for (const name of ['x', 'y'])
      await expect(
        call(server, 'completion/complete', {
          ref: { type: 'ref/prompt', name: 'a_p' },
          argument: { name, value: '' },
        }),
      ).rejects.toThrow('not for you');
  });

  test('lets nobody listen to a resource whose reading it refuses', async () => {
    const watched: string[] = [];
    const subscribe = (uri: string) => (watched.push(uri), () => undefined);
    const open = { subscribe, handler: () => 'x' };
    const adults: Middleware = (next) => (given) =>
      given.principal ? next(given) : Promise.reject(new McpError('unauthenticated', 'who are you?'));
    const server = builder()
      .addResource({ uri: 'o://1', ...open })
      .group('a_', (a) =>
        a
          .use(adults)
          .addResource({ uri: 'a://1', ...open })
          .addResource({ uriTemplate: 'b://{id}', name: 'b', ...open }),
      )
      .build();
    const resourceSubscriptions = ['o://1', 'a://1', 'b://1', 'c://1'];
    const heardBy = async (principal: Principal | null): Promise<unknown> => {
      const given = createCall('subscriptions/listen', { notifications: { resourceSubscriptions } }, { principal });
      const reply = await server.handler(given);
      const { value } = await reply.messages()[Symbol.asyncIterator]().next();
      reply.cancel();
      return (value as NotificationMessage).params.value.notifications;
    };
    expect(await heardBy(null)).toEqual({ resourceSubscriptions: ['o://1'] });
    expect(watched).toEqual(['o://1']);
    expect(await heardBy({ subject: 'ann', scopes: new Set() })).toEqual({
      resourceSubscriptions: ['o://1', 'a://1', 'b://1'],
    });
  });

  test('refuses a call before a task is made of it', async () => {
    const store = createMemoryStore();
    let kept = 0;
    const { set } = store;
    store.set = (...given) => (kept++, set(...given));
    const server = new MCPServerBuilder({ name: 's', version: '1', store })
      .group('a_', (a) => a.use(refuse).addTool({ name: 't', task: true, handler: () => 'x' }))
      .build();
    const clientCapabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    await expect(server.handler(createCall('tools/call', { name: 'a_t' }, { clientCapabilities }))).rejects.toThrow(
      'not for you',
    );
    expect(kept).toBe(0);
  });

  test('may be filled with the same builder twice', async () => {
    const module = builder().addTool({ name: 't', handler: () => 'x' });
    const server = builder()
      .group('a_', () => module)
      .group('b_', () => module)
      .merge(module)
      .build();
    expect(await namesOf(server, 'tools')).toEqual(['a_t', 'b_t', 't']);
  });

  test('completes its prompts under their new names, and prompts from elsewhere under their own', async () => {
    const server = builder()
      .addPrompt({ name: 'far', handler: () => 'x' })
      .group('a_', (a) =>
        a
          .addPrompt({ name: 'near', handler: () => 'x' })
          .addCompletion({ ref: { type: 'ref/prompt', name: 'near' }, argument: 'x', complete: () => ['near'] })
          .addCompletion({ ref: { type: 'ref/prompt', name: 'far' }, argument: 'x', complete: () => ['far'] }),
      )
      .build();
    for (const name of ['a_near', 'far'])
      expect(
        await call(server, 'completion/complete', {
          ref: { type: 'ref/prompt', name },
          argument: { name: 'x', value: '' },
        }),
      ).toMatchObject({ completion: { values: [name.replace('a_', '')] } });
  });
});

describe('merge', () => {
  test('adds what another builder has, with its middleware and services', async () => {
    const tag: Middleware<Call, Call & { readonly tag: string }> = (next) => (given) => next({ ...given, tag: 'm' });
    const module = builder()
      .use(tag)
      .provide({ unit: 'km' })
      .addTool({ name: 't', handler: (_params, { call: { tag: own }, services }) => `${own} ${services.unit}` });
    expect(await textOf(builder().merge(module).build(), 't')).toBe('m km');
  });

  test('names every tool that both builders have', () => {
    const one = builder()
      .addTool({ name: 'a', handler: () => 'x' })
      .addTool({ name: 'b', handler: () => 'x' });
    expect(() => builder().merge(one).merge(one).build()).toThrow(
      'tool "a" is defined twice.\ntool "b" is defined twice.',
    );
  });
});

describe('an extension', () => {
  test('is told of, and answers its methods', async () => {
    const server = builder()
      .extend({
        name: 'com.example/echo',
        settings: { loud: true },
        methods: { 'echo/say': async (given) => (await import('../core/reply.ts')).resultReply(given.params) },
      })
      .build();
    expect(await call(server, 'server/discover')).toMatchObject({
      capabilities: { extensions: { 'com.example/echo': { loud: true } } },
    });
    expect(await call(server, 'echo/say', { x: 1 })).toMatchObject({ x: 1 });
  });

  test('cannot take what is there already', () => {
    const answer = () => Promise.reject(new McpError('internal', 'never called'));
    expect(() =>
      builder()
        .extend({ name: 'a/a', methods: { 'tools/call': answer, 'x/y': answer } })
        .extend({ name: 'a/a', methods: { 'x/y': answer } })
        .build(),
    ).toThrow(
      'extension "a/a": the method "tools/call" is there already.\nextension "a/a" is defined twice.\nextension "a/a": the method "x/y" is there already.',
    );
  });
});
