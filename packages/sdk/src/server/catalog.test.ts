import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCall, type CallOptions } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { Message } from '../core/reply.ts';
import { MCPServerBuilder } from './builder.ts';
import type { ServerOptions } from './options.ts';
import type { MCPServer } from './server.ts';

const builder = (options: Partial<ServerOptions> = {}): MCPServerBuilder =>
  new MCPServerBuilder({ name: 's', version: '1', ...options });
const call = async (...[server, method, params = {}, options]: [MCPServer, string, JsonObject?, CallOptions?]) =>
  (await server.handler(createCall(method, params, options))).result();
const ok = { handler: () => 'x' };

/** Reads a list to its end; returns what `member` of its entries says, page by page. */
async function pagesOf(server: MCPServer, method: string, [list, member]: [string, string]): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor: unknown;
  do {
    const result = await call(server, method, cursor === undefined ? {} : { cursor });
    pages.push((result[list] as JsonObject[]).map((entry) => entry[member]));
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

/** What a caller that listens is told next. */
function listening(server: MCPServer, notifications: JsonObject): { next(): Promise<Message>; stop(): void } {
  const abort = new AbortController();
  const reply = server.handler(createCall('subscriptions/listen', { notifications }, { signal: abort.signal }));
  let messages: AsyncIterator<Message> | undefined;
  return {
    async next() {
      messages ??= (await reply).messages()[Symbol.asyncIterator]();
      return (await messages.next()).value as Message;
    },
    stop: () => {
      abort.abort();
    },
  };
}
const methodOf = (message: Message): unknown => (message.kind === 'notification' ? message.method : message.kind);

describe('pages', () => {
  test('hold as many entries as was said, and all of them once', async () => {
    const five = ['a', 'b', 'c', 'd', 'e'];
    const filled = five.reduce((to, name) => to.addTool({ name, ...ok }) as MCPServerBuilder, builder({ pageSize: 2 }));
    expect(await pagesOf(filled.build(), 'tools/list', ['tools', 'name'])).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('go on after the same place while entries come and go', async () => {
    const server = ['a', 'b', 'c', 'd']
      .reduce((to, name) => to.addTool({ name, ...ok }) as MCPServerBuilder, builder({ pageSize: 2 }))
      .build();
    const { nextCursor } = await call(server, 'tools/list');
    server.tools.get('a')?.disable();
    server.tools.get('b')?.remove();
    server.tools.add({ name: 'e', ...ok });
    server.tools.get('d')?.update({ title: 'D' });
    const { tools } = await call(server, 'tools/list', { cursor: nextCursor });
    expect((tools as JsonObject[]).map(({ name, title }) => [name, title])).toEqual([
      ['c', undefined],
      ['d', 'D'],
    ]);
  });

  test('hold what templates list, by URI, without what is there already', async () => {
    const uris = ['n://3', 'n://1', 'n://2', 'n://fixed'];
    const server = builder({ pageSize: 2 })
      .addResource({ uri: 'n://fixed', ...ok })
      .addResource({
        uriTemplate: 'n://{id}',
        name: 'n',
        list: () => uris.map((uri) => ({ uri, name: uri })),
        handler: () => 'x',
      })
      .addResource({ uriTemplate: 'm://{id}', name: 'unlisted', handler: () => 'x' })
      .addResource({
        uriTemplate: 'o://{id}',
        name: 'o',
        list: () => [{ uri: 'o://1', name: 'o' }],
        handler: () => 'x',
      })
      .build();
    const read = () => pagesOf(server, 'resources/list', ['resources', 'uri']);
    expect(await read()).toEqual([['n://fixed', 'n://1'], ['n://2', 'n://3'], ['o://1']]);
    const { nextCursor } = await call(server, 'resources/list');
    uris.splice(0, uris.length, 'n://0', 'n://1a', 'n://2');
    const { resources } = await call(server, 'resources/list', { cursor: nextCursor });
    expect((resources as JsonObject[]).map(({ uri }) => uri)).toEqual(['n://1a', 'n://2']);
  });

  test('are refused after a cursor that is none', async () => {
    for (const cursor of ['x', 7, null, 'e30', 'eyJzZXF1ZW5jZSI6MX0'])
      await expect(call(builder().build(), 'resources/list', { cursor })).rejects.toMatchObject({
        code: 'invalid_params',
      });
  });
});

test('what a middleware changes in a list, it changes for one caller', async () => {
  const server = builder()
    .use((next) => async (given) => {
      const reply = await next(given);
      const { tools } = (await reply.result()) as { tools: JsonObject[] };
      for (const tool of tools) tool.title = `for ${String(given.principal?.subject)}`;
      tools.push({ name: 'extra' });
      return reply;
    })
    .addTool({ name: 't', ...ok })
    .build();
  for (const subject of ['alice', 'bob']) {
    const { tools } = await call(server, 'tools/list', {}, { principal: { subject, scopes: new Set() } });
    expect(tools).toMatchObject([{ name: 't', title: `for ${subject}` }, { name: 'extra' }]);
  }
  server.tools.get('t')?.update({ description: 'd' });
  expect(await call(server, 'tools/list')).toMatchObject({ tools: [{ description: 'd' }, { name: 'extra' }] });
});

describe('what templates list', () => {
  test.each([
    ['something else', () => [{ uri: 'n://1' }] as never, 'entries with a uri and a name'],
    [
      'a question',
      async ({ ask }: never) => await (ask as (...given: unknown[]) => Promise<never>)(z.object({}), '?'),
      'cannot ask',
    ],
  ])('cannot be %s', async (_, list, message) => {
    const server = builder()
      .addResource({ uriTemplate: 'n://{id}', name: 'n', list: list as () => never, handler: () => 'x' })
      .build();
    const options = { clientCapabilities: { elicitation: { form: {} } } };
    await expect(call(server, 'resources/list', {}, options)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('entries of a running server', () => {
  test('are wrapped by useTool of the builder like those it was built with', async () => {
    const server = builder()
      .useTool((next) => async (params, context) => `wrapped ${String(await next(params, context))}`)
      .build();
    server.tools.add({ name: 'late', ...ok });
    expect(await call(server, 'tools/call', { name: 'late' })).toMatchObject({ content: [{ text: 'wrapped x' }] });
  });

  test('are updated as a whole, or not at all', async () => {
    const server = builder()
      .addTool({ name: 't', parameters: z.object({ n: z.number() }), handler: ({ n }) => n })
      .build();
    const entry = server.tools.get('t')!;
    entry.update({ parameters: z.object({ n: z.string() }) });
    expect(await call(server, 'tools/call', { name: 't', arguments: { n: 'x' } })).toMatchObject({
      content: [{ text: 'x' }],
    });
    expect(() => {
      entry.update({ parameters: z.array(z.string()) });
    }).toThrow('must be an object');
    expect(() => {
      entry.update({ name: 'other' });
    }).toThrow('cannot be renamed');
    expect(await call(server, 'tools/call', { name: 't', arguments: { n: 'x' } })).not.toHaveProperty('isError');
    entry.remove();
    expect(server.tools.get('t')).toBeUndefined();
    for (const change of [
      entry.remove,
      entry.disable,
      () => {
        entry.update({});
      },
    ])
      expect(change).toThrow('tool "t" was removed.');
    server.tools.add({ name: 't', ...ok });
    expect(entry.disable).toThrow('was removed');
  });

  test('cannot be called or listed while they are disabled', async () => {
    const server = builder()
      .addPrompt({ name: 'p', ...ok })
      .build();
    server.prompts.get('p')?.disable();
    await expect(call(server, 'prompts/get', { name: 'p' })).rejects.toMatchObject({ code: 'not_found' });
    expect(await call(server, 'prompts/list')).toMatchObject({ prompts: [] });
    server.prompts.get('p')?.enable();
    expect(await call(server, 'prompts/get', { name: 'p' })).toHaveProperty('messages.length', 1);
  });

  test('complete nothing while they are disabled, whoever defined the completion', async () => {
    const server = builder()
      .addPrompt({ name: 'p', parameters: z.object({ x: z.string() }), complete: { x: () => ['own'] }, ...ok })
      .addResource({ uriTemplate: 'n://{x}', name: 'n', ...ok })
      .addCompletion({ ref: { type: 'ref/prompt', name: 'p' }, argument: 'y', complete: () => ['other'] })
      .addCompletion({ ref: { type: 'ref/resource', uri: 'n://{x}' }, argument: 'x', complete: () => ['other'] })
      .build();
    server.prompts.get('p')?.disable();
    server.resourceTemplates.get('n://{x}')?.disable();
    for (const [ref, name] of [
      [{ type: 'ref/prompt', name: 'p' }, 'x'],
      [{ type: 'ref/prompt', name: 'p' }, 'y'],
      [{ type: 'ref/resource', uri: 'n://{x}' }, 'x'],
    ] as const)
      await expect(call(server, 'completion/complete', { ref, argument: { name, value: '' } })).rejects.toMatchObject({
        code: 'not_found',
      });
  });

  test('are told of when they change, the first of a kind as well', async () => {
    const server = builder().build();
    const listener = listening(server, {
      promptsListChanged: true,
      resourcesListChanged: true,
      toolsListChanged: true,
    });
    await listener.next();
    const prompt = server.prompts.add({ name: 'p', ...ok });
    expect(methodOf(await listener.next())).toBe('notifications/prompts/list_changed');
    server.resources.add({ uri: 'x://1', ...ok });
    expect(methodOf(await listener.next())).toBe('notifications/resources/list_changed');
    server.resourceTemplates.add({ uriTemplate: 'x://{a}/{b}', name: 'x', ...ok });
    expect(methodOf(await listener.next())).toBe('notifications/resources/list_changed');
    // Nothing changes by these two.
    prompt.enable();
    prompt.enable();
    server.tools.add({ name: 't', ...ok });
    expect(methodOf(await listener.next())).toBe('notifications/tools/list_changed');
    listener.stop();
  });
});

test('many callers that listen are no leak, and all streams end when the server closes', async () => {
  const warnings: string[] = [];
  const warned = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', warned);
  const server = builder().build();
  const listeners = Array.from({ length: 30 }, () => listening(server, { toolsListChanged: true }));
  for (const listener of listeners) await listener.next();
  const closed = server.close();
  for (const listener of listeners) {
    expect(methodOf(await listener.next())).toBe('result');
    expect((await listener.next()) as unknown).toBeUndefined();
  }
  await closed;
  // Warnings are emitted in a turn of their own.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warned);
  expect(warnings).toEqual([]);
});

describe('resources that change', () => {
  test('are watched while somebody listens, and once for all', async () => {
    const log: string[] = [];
    let changed: (() => void) | undefined;
    const server = builder()
      .addResource({
        uriTemplate: 'f://{name}',
        name: 'f',
        handler: () => 'x',
        subscribe: (uri, tell) => {
          log.push(`watch ${uri}`);
          changed = tell;
          return () => void log.push(`leave ${uri}`);
        },
      })
      .build();
    const uris = { resourceSubscriptions: ['f://1', 'unknown'] };
    const [one, two] = [listening(server, uris), listening(server, uris)];
    const acknowledged = await one.next();
    expect(acknowledged).toMatchObject({ kind: 'notification' });
    expect(acknowledged.kind === 'notification' && acknowledged.params.value).toEqual({
      notifications: { resourceSubscriptions: ['f://1'] },
    });
    await two.next();
    changed?.();
    for (const listener of [one, two]) expect(methodOf(await listener.next())).toBe('notifications/resources/updated');
    one.stop();
    server.resources.updated('f://1');
    expect(methodOf(await two.next())).toBe('notifications/resources/updated');
    expect(log).toEqual(['watch f://1']);
    two.stop();
    expect(log).toEqual(['watch f://1', 'leave f://1']);
  });
});

describe('what ends a watch', () => {
  test.each([
    [
      'throws',
      () => () => {
        throw new Error('no such handle');
      },
    ],
    ['is no function', () => Promise.resolve(() => undefined) as never],
  ])('and %s is told of, and ends neither the others nor the process', async (_, broken) => {
    const facts: string[] = [];
    const log: string[] = [];
    const telemetry = { record: ({ name }: { name: string }) => void facts.push(name) };
    const server = builder({ telemetry })
      .addResource({ uri: 'x://1', subscribe: broken, ...ok })
      .addResource({ uri: 'x://2', subscribe: () => () => void log.push('left'), ...ok })
      .build();
    const listener = listening(server, { resourceSubscriptions: ['x://1', 'x://2'] });
    await listener.next();
    listener.stop();
    expect(methodOf(await listener.next())).toBe('result');
    expect([facts, log]).toEqual([['resource.unwatch_failed'], ['left']]);
  });

  test('is called for the last of those it was begun for, though others came before there was one', async () => {
    const log: string[] = [];
    const server = builder()
      .addResource({ uri: 'x://1', ...ok })
      .build();
    const early = listening(server, { resourceSubscriptions: ['x://1'] });
    await early.next();
    server.resources.get('x://1')?.update({ subscribe: () => () => void log.push('left') });
    const late = listening(server, { resourceSubscriptions: ['x://1'] });
    await late.next();
    early.stop();
    expect(log).toEqual([]);
    late.stop();
    expect(log).toEqual(['left']);
  });
});

describe('a caller that reads slowly', () => {
  test('is told once of what changed often', async () => {
    const server = builder()
      .addResource({ uri: 'x://1', ...ok })
      .addResource({ uri: 'x://2', ...ok })
      .build();
    const listener = listening(server, { toolsListChanged: true, resourceSubscriptions: ['x://1', 'x://2'] });
    await listener.next();
    const told = listener.next();
    server.resources.updated('x://1');
    await told;
    for (let i = 0; i < 1_000; i++) {
      server.resources.updated('x://1');
      server.resources.updated('x://2');
      server.tools.add({ name: `t${i}`, ...ok });
    }
    const seen = [await listener.next(), await listener.next(), await listener.next()].map((message) =>
      message.kind === 'notification' ? (message.params.value.uri ?? message.method) : message.kind,
    );
    expect(seen).toEqual(['x://1', 'x://2', 'notifications/tools/list_changed']);
    listener.stop();
    expect((await listener.next()).kind).toBe('result');
  });

  test('whose resource cannot be watched is refused, and leaves nothing behind', async () => {
    const log: string[] = [];
    const server = builder()
      .addResource({ uri: 'x://1', subscribe: () => () => void log.push('left'), ...ok })
      .addResource({
        uri: 'x://2',
        subscribe: () => {
          throw new Error('no inotify');
        },
        ...ok,
      })
      .build();
    const steady = listening(server, { resourceSubscriptions: ['x://1'] });
    await steady.next();
    await expect(
      call(server, 'subscriptions/listen', { notifications: { resourceSubscriptions: ['x://2', 'x://1'] } }),
    ).rejects.toThrow();
    server.resources.updated('x://1');
    expect(methodOf(await steady.next())).toBe('notifications/resources/updated');
    expect(log).toEqual([]);
    steady.stop();
    expect(log).toEqual(['left']);
  });
});

describe('completion', () => {
  const server = builder()
    .addPrompt({
      name: 'p',
      parameters: z.object({ country: z.string(), city: z.string() }),
      complete: {
        city: (typed, { country }) => [`${country ?? '?'}/${typed}`],
        country: () => Array.from({ length: 150 }, (_, index) => String(index)),
      },
      ...ok,
    })
    .addResource({
      uriTemplate: 'n://{id}',
      name: 'n',
      complete: { id: async (typed) => Promise.resolve([typed]) },
      ...ok,
    })
    .addResource({ uri: 'x://fixed', ...ok })
    .addCompletion({ ref: { type: 'ref/resource', uri: 'far://{x}' }, argument: 'x', complete: () => ['far'] })
    .addCompletion({ ref: { type: 'ref/prompt', name: 'p' }, argument: 'wrong', complete: () => 'text' as never })
    .build();
  const complete = async (ref: JsonObject, [name, value]: [string, string], around?: JsonObject) =>
    (
      await call(server, 'completion/complete', {
        ref,
        argument: { name, value },
        ...(around ? { context: { arguments: around } } : {}),
      })
    ).completion;
  const prompt = { type: 'ref/prompt', name: 'p' };

  test('knows the arguments that are given already', async () => {
    expect(await complete(prompt, ['city', 'R'], { country: 'it', other: 7 })).toEqual({
      values: ['it/R'],
      total: 1,
      hasMore: false,
    });
  });

  test('gives a hundred values at most, and says how many there are', async () => {
    const completion = (await complete(prompt, ['country', ''])) as { values: string[] };
    expect(completion).toMatchObject({ total: 150, hasMore: true });
    expect(completion.values).toHaveLength(100);
  });

  test('is there for templates, by template or by a URI of it, and for references from elsewhere', async () => {
    for (const uri of ['n://{id}', 'n://7'])
      expect(await complete({ type: 'ref/resource', uri }, ['id', 'v'])).toMatchObject({ values: ['v'] });
    expect(await complete({ type: 'ref/resource', uri: 'far://{x}' }, ['x', ''])).toMatchObject({ values: ['far'] });
  });

  test('suggests nothing for arguments that nobody completes', async () => {
    for (const [ref, name] of [
      [prompt, 'toString'],
      [{ type: 'ref/resource', uri: 'x://fixed' }, 'a'],
      [{ type: 'ref/resource', uri: 'far://{x}' }, 'other'],
    ] as const)
      expect(await complete(ref, [name, ''])).toEqual({ values: [], total: 0, hasMore: false });
  });

  test('is refused for what is not there, and for what is no argument', async () => {
    await expect(complete({ type: 'ref/resource', uri: 'p' }, ['x', ''])).rejects.toMatchObject({ code: 'not_found' });
    await expect(complete(prompt, ['x', 7 as never])).rejects.toMatchObject({ code: 'invalid_params' });
    await expect(complete(prompt, ['wrong', ''])).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('what lists show', () => {
  test('is all that was defined, icons and annotations included', async () => {
    const icons = [{ src: 'https://example.com/i.png', mimeType: 'image/png', sizes: ['48x48'] }];
    const shown = { title: 'T', description: 'd', icons, meta: { own: 1 } };
    const listed = { title: 'T', description: 'd', icons, _meta: { own: 1 } };
    const annotations = { audience: ['user' as const], priority: 1 };
    const server = builder({ icons, ttlMs: 5, cacheScope: 'public', websiteUrl: 'https://example.com' })
      .addTool({ name: 't', ...shown, annotations: { readOnlyHint: true }, ...ok })
      .addPrompt({ name: 'p', ...shown, ...ok })
      .addResource({ uri: 'x://1', name: 'x', size: 3, ...shown, annotations, mimeType: 'text/plain', ttlMs: 9, ...ok })
      .addResource({ uriTemplate: 'y://{a}', name: 'y', ...shown, annotations, cacheScope: 'public', ...ok })
      .build();
    const hints = { ttlMs: 5, cacheScope: 'public' };
    expect(await call(server, 'tools/list')).toMatchObject({
      tools: [{ name: 't', ...listed, annotations: { readOnlyHint: true } }],
      ...hints,
    });
    expect(await call(server, 'prompts/list')).toMatchObject({ prompts: [{ name: 'p', ...listed }], ...hints });
    expect(await call(server, 'resources/list')).toMatchObject({
      resources: [{ uri: 'x://1', name: 'x', size: 3, mimeType: 'text/plain', ...listed, annotations }],
      ...hints,
    });
    expect(await call(server, 'resources/templates/list')).toMatchObject({
      resourceTemplates: [{ uriTemplate: 'y://{a}', name: 'y', ...listed, annotations }],
      ...hints,
    });
    expect(await call(server, 'server/discover')).toMatchObject({
      ...hints,
      _meta: { 'io.modelcontextprotocol/serverInfo': { icons, websiteUrl: 'https://example.com' } },
    });
    expect(await call(server, 'resources/read', { uri: 'x://1' })).toMatchObject({ ttlMs: 9, cacheScope: 'private' });
    expect(await call(server, 'resources/read', { uri: 'y://1' })).toMatchObject({ ttlMs: 0, cacheScope: 'public' });
  });
});
