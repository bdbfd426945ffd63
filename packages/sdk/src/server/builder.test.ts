import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCall, type CallOptions } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Message } from '../core/reply.ts';
import type { Schema } from '../validation/schema.ts';
import { MCPServerBuilder } from './builder.ts';
import type { MCPServer } from './server.ts';

const builder = (): MCPServerBuilder => new MCPServerBuilder({ name: 's', version: '1' });
const call = async (...[server, method, params = {}, options = {}]: [MCPServer, string, object?, CallOptions?]) =>
  (await server.handler(createCall(method, { ...params }, options))).result();
const toolOf = async (returned: unknown): Promise<object> =>
  call(
    builder()
      .addTool({ name: 't', handler: () => returned as string })
      .build(),
    'tools/call',
    { name: 't' },
  );
async function all(server: MCPServer, params: object, options: CallOptions): Promise<unknown[]> {
  const seen: unknown[] = [];
  const reply = await server.handler(createCall('tools/call', { name: 't', ...params }, options));
  for await (const message of reply.messages()) seen.push(show(message));
  return seen;
}
const show = (message: Message): unknown =>
  message.kind === 'notification'
    ? message.params.value
    : message.kind === 'result'
      ? message.result.value
      : message.error.value;
const text = (value: string) => [{ type: 'text', text: value }];

describe('what a tool returns', () => {
  it.each<[unknown, object]>([
    ['é', { content: text('é') }],
    ['', { content: text('') }],
    [4.5, { content: text('4.5') }],
    [false, { content: text('false') }],
    [{ a: [1] }, { content: text('{"a":[1]}'), structuredContent: { a: [1] } }],
    [{ content: 'no array' }, { content: text('{"content":"no array"}'), structuredContent: { content: 'no array' } }],
    [
      { content: [], isError: true, _meta: { x: 1 } },
      { content: [], isError: true, _meta: { x: 1 } },
    ],
    [{ n: 1n }, { isError: true, content: text('Do not know how to serialize a BigInt') }],
  ])('%o becomes a result', async (returned, expected) => {
    expect(await toolOf(returned)).toEqual({ resultType: 'complete', ...expected });
  });

  it('may be promised', async () => {
    expect(await toolOf(Promise.resolve('later'))).toMatchObject({ content: text('later') });
  });
});

describe('what goes wrong in a tool', () => {
  const server = builder()
    .addTool({
      name: 'throws',
      handler: () => {
        throw new Error('out of tea');
      },
    })
    .addTool({ name: 'rejects', handler: () => Promise.reject(new Error('later')) })
    .addTool({
      name: 'text',
      handler: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what user code may do
        throw 'plain';
      },
    })
    .addTool({
      name: 'refuses',
      handler: () => {
        throw new McpError('overloaded', 'come back later');
      },
    })
    .addTool({
      name: 'strict',
      parameters: z.object({ a: z.string(), b: z.object({ c: z.number() }) }),
      handler: () => 'ok',
    })
    .build();

  it.each([
    ['throws', 'out of tea'],
    ['rejects', 'later'],
    ['text', 'plain'],
  ])('%s is read by the model', async (name, message) => {
    expect(await call(server, 'tools/call', { name })).toEqual({
      resultType: 'complete',
      isError: true,
      content: text(message),
    });
  });

  it('is a protocol error if it is an McpError', async () => {
    await expect(call(server, 'tools/call', { name: 'refuses' })).rejects.toMatchObject({
      code: 'overloaded',
      message: 'come back later',
    });
  });

  it('names each argument that is wrong by its path', async () => {
    const result = await call(server, 'tools/call', { name: 'strict', arguments: { a: 1, b: { c: 'x' } } });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^Invalid arguments for strict: at "a": .+; at "b\.c": .+$/) as string }],
    });
  });

  it.each([
    ['arguments that are a list', { name: 'throws', arguments: [] }, 'invalid_params'],
    ['no name', {}, 'invalid_params'],
    ['an unknown name', { name: 'no' }, 'not_found'],
    ['a name of an object', { name: '__proto__' }, 'not_found'],
  ])('is refused for %s', async (_, params, code) => {
    await expect(call(server, 'tools/call', params)).rejects.toMatchObject({ code });
  });
});

describe('what a tool tells on the way', () => {
  const server = builder()
    .addTool({
      name: 't',
      parameters: z.object({ fail: z.boolean().optional() }),
      handler: ({ fail }, context) => {
        for (const [done, total] of [[1], [1, 3], [0.5], [2, 3]] as const) context.progress(done, total);
        context.log.debug('quiet');
        context.log.error({ loud: true });
        if (fail) throw new McpError('unavailable', 'gone');
        return 'end';
      },
    })
    .build();
  const end = { resultType: 'complete', content: text('end') };

  it('is nothing when nobody asked', async () => {
    expect(await all(server, {}, {})).toEqual([end]);
  });

  it('is progress that grows, with the token of the caller', async () => {
    expect(await all(server, {}, { progressToken: 0 })).toEqual([
      { progressToken: 0, progress: 1 },
      { progressToken: 0, progress: 2, total: 3 },
      end,
    ]);
  });

  it('is what is at least as severe as was asked for', async () => {
    expect(await all(server, {}, { logLevel: 'warning' })).toEqual([{ level: 'error', data: { loud: true } }, end]);
    expect(await all(server, {}, { logLevel: 'debug' })).toHaveLength(3);
  });

  it('comes before the error it ends with', async () => {
    expect(await all(server, { arguments: { fail: true } }, { logLevel: 'error' })).toMatchObject([
      { level: 'error' },
      { code: -32603, message: 'gone' },
    ]);
  });

  it('knows of whom it is told', async () => {
    const seen: unknown[] = [];
    const asking = builder()
      .addTool({
        name: 't',
        handler: (_params, { era, principal, meta, signal }) => (
          seen.push(era, principal, meta.own, signal.aborted),
          'x'
        ),
      })
      .build();
    const principal = { subject: 'ann', scopes: new Set<string>() };
    await call(asking, 'tools/call', { name: 't', _meta: { own: 1 } }, { principal });
    expect(seen).toEqual(['modern', principal, 1, false]);
  });
});

describe('prompts and resources', () => {
  const server = builder()
    .addPrompt({
      name: 'p',
      title: 'P',
      description: 'd',
      parameters: z.object({ a: z.string().describe('what'), b: z.string().optional() }),
      handler: ({ a }) => `say ${a}`,
    })
    .addPrompt({
      name: 'whole',
      handler: () => ({ messages: [{ role: 'assistant', content: { type: 'text', text: 'x' } }] }),
    })
    .addResource({ uri: 'x://text', handler: (uri) => uri })
    .addResource({ uri: 'x://bytes', name: 'bytes', mimeType: 'image/png', handler: () => new Uint8Array([1]) })
    .addResource({ uri: 'x://whole', handler: () => ({ contents: [{ uri: 'x://other', text: 'y' }] }) })
    .build();

  it('are listed', async () => {
    expect(await call(server, 'prompts/list')).toMatchObject({
      prompts: [
        {
          name: 'p',
          title: 'P',
          description: 'd',
          arguments: [
            { name: 'a', description: 'what', required: true },
            { name: 'b', required: false },
          ],
        },
        { name: 'whole' },
      ],
      ttlMs: 0,
      cacheScope: 'private',
    });
    expect(await call(server, 'resources/list')).toMatchObject({
      resources: [{ uri: 'x://text', name: 'x://text' }, { name: 'bytes', mimeType: 'image/png' }, {}],
    });
    expect(await call(server, 'resources/templates/list')).toMatchObject({ resourceTemplates: [] });
  });

  it('are got and read', async () => {
    expect(await call(server, 'prompts/get', { name: 'p', arguments: { a: 'hi' } })).toEqual({
      resultType: 'complete',
      messages: [{ role: 'user', content: { type: 'text', text: 'say hi' } }],
    });
    expect(await call(server, 'prompts/get', { name: 'whole' })).toMatchObject({ messages: [{ role: 'assistant' }] });
    expect(await call(server, 'resources/read', { uri: 'x://text' })).toMatchObject({
      contents: [{ uri: 'x://text', text: 'x://text' }],
    });
    expect(await call(server, 'resources/read', { uri: 'x://bytes' })).toMatchObject({
      contents: [{ uri: 'x://bytes', mimeType: 'image/png', blob: 'AQ==' }],
    });
    expect(await call(server, 'resources/read', { uri: 'x://whole' })).toMatchObject({
      contents: [{ uri: 'x://other' }],
    });
  });

  it.each([
    ['prompts/get', { name: 'p' }, 'invalid_params'],
    ['prompts/get', { name: 'no' }, 'not_found'],
    ['resources/read', { uri: 'no' }, 'not_found'],
    ['resources/read', {}, 'invalid_params'],
    ['resources/list', { cursor: 'x' }, 'invalid_params'],
    ['tools/missing', {}, 'method_not_found'],
    ['toString', {}, 'method_not_found'],
  ])('refuse %s with %j as %s', async (method, params, code) => {
    await expect(call(server, method, params)).rejects.toMatchObject({ code });
  });
});

describe('discovery', () => {
  it('says what there may be, for the first of each kind may be added later', async () => {
    expect(await call(builder().build(), 'server/discover')).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } },
    });
  });

  it('says the title and the instructions', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1', title: 'S', instructions: 'i' }).build();
    expect(await call(server, 'server/discover')).toMatchObject({
      instructions: 'i',
      _meta: { 'io.modelcontextprotocol/serverInfo': { title: 'S' } },
    });
  });
});

describe('listening', () => {
  it('ends gracefully when the server closes, and when the caller goes', async () => {
    for (const closing of [true, false]) {
      const server = builder().build();
      const abort = new AbortController();
      const reply = await server.handler(
        createCall('subscriptions/listen', { notifications: { toolsListChanged: true } }, { signal: abort.signal }),
      );
      const messages = reply.messages()[Symbol.asyncIterator]();
      expect(show((await messages.next()).value as Message)).toEqual({ notifications: { toolsListChanged: true } });
      const closed = closing ? server.close() : undefined;
      if (!closing) abort.abort();
      expect(show((await messages.next()).value as Message)).toEqual({ resultType: 'complete' });
      expect((await messages.next()).done).toBe(true);
      expect(await reply.done).toBe('complete');
      await closed;
    }
  });
});

describe('middleware', () => {
  it('wraps every call; what is added first runs first', async () => {
    const seen: string[] = [];
    const server = builder()
      .use((next) => (given) => (seen.push('a'), next(given)))
      .use((next) => (given) => (seen.push('b'), next(given)))
      .build();
    await call(server, 'server/discover');
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('build()', () => {
  const ok = { handler: () => 'x' };
  it('names every fault of the definitions at once', () => {
    const undescribed: Schema = { '~standard': { version: 1, vendor: 'odd', validate: (value) => ({ value }) } };
    const broken = builder()
      .addTool({ name: 'a', ...ok })
      .addTool({ name: 'a', ...ok })
      .addTool({ name: 'no spaces', ...ok })
      .addTool({ name: 'x'.repeat(129), ...ok })
      .addTool({ name: 'odd', parameters: undescribed, ...ok })
      .addTool({ name: 'list', parameters: z.array(z.string()) as never, ...ok })
      .addPrompt({ name: 'p', ...ok })
      .addPrompt({ name: 'p', ...ok })
      .addResource({ uri: 'x:y', ...ok })
      .addResource({ uri: 'x:y', ...ok })
      .addResource({ uri: 'not absolute', ...ok });
    let message = '';
    try {
      broken.build();
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'invalid_options' });
      message = (thrown as Error).message;
    }
    expect(message.split('\n')).toEqual([
      'tool "a" is defined twice.',
      expect.stringContaining('tool "no spaces": a name is'),
      expect.stringContaining('a name is'),
      expect.stringContaining('tool "odd": parameters: the schema (odd) does not describe itself'),
      'tool "list": parameters: the schema must be an object at its root, not array.',
      'prompt "p" is defined twice.',
      'resource "x:y" is defined twice.',
      'resource "not absolute": the URI must be absolute.',
    ]);
  });

  it('refuses a wrong option of the edge before anything listens', () => {
    expect(() => new MCPServerBuilder({ name: 's', version: '1', limits: { maxBytes: 0 } }).build()).toThrow(
      /limits\.maxBytes is 0/,
    );
  });

  it('makes servers that do not share what is added later', async () => {
    const shared = builder().addTool({ name: 'a', ...ok });
    const first = shared.build();
    shared.addTool({ name: 'b', ...ok });
    expect(await call(first, 'tools/list')).toHaveProperty('tools.length', 1);
  });
});
