import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { createCall, type CallOptions } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { Fact } from '../core/telemetry.ts';
import { MCPServerBuilder } from './builder.ts';
import type { ServerOptions } from './options.ts';

const SECRET = 'password=hunter2';

/** A server, and what its log says. */
function watched(options: Partial<ServerOptions> = {}) {
  const facts: Fact[] = [];
  const telemetry = { record: (fact: Fact): void => void facts.push(fact) };
  return { builder: new MCPServerBuilder({ name: 's', version: '1', telemetry, ...options }), facts };
}
type Server = ReturnType<MCPServerBuilder['build']>;
const call = async (...[server, method, params, options = {}]: [Server, string, JsonObject, CallOptions?]) =>
  (await server.handler(createCall(method, params, options))).result();

/** What a caller sees over HTTP, as text. */
async function post(server: Server, method: string, params: JsonObject): Promise<string> {
  const body = { jsonrpc: '2.0', id: 1, method, params: createCall(method, params).params.value };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    'mcp-name': String(params.name ?? params.uri),
  };
  const request = new Request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(body) });
  return (await server.fetch(request)).text();
}

const leak = (): never => {
  throw new Error(`connect failed: ${SECRET}`, { cause: new Error('inner') });
};

describe('a function that throws', () => {
  test.each([
    ['prompts/get', { name: 'p' }],
    ['resources/read', { uri: 'x://1' }],
    ['resources/read', { uri: 'y://1' }],
  ])('%s %j tells the caller that it failed, and the log why', async (method, params) => {
    const { builder, facts } = watched();
    const server = builder
      .addPrompt({ name: 'p', handler: leak })
      .addResource({ uri: 'x://1', handler: leak })
      .addResource({ uriTemplate: 'y://{id}', name: 'y', handler: leak })
      .build();
    const text = await post(server, method, params);
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32603, message: 'Internal error.' } });
    expect(text).not.toMatch(/hunter2|inner|faulty-functions/);
    expect(JSON.stringify(facts)).toContain('hunter2');
    // Which prompt it was; a URI may hold what nobody else should see.
    expect(facts.map(({ fields }) => fields.target)).toEqual(['name' in params ? params.name : undefined]);
  });

  test('a tool tells the model the message alone, without stack and cause; the log has it too', async () => {
    const { builder, facts } = watched();
    const server = builder.addTool({ name: 't', handler: leak }).build();
    const text = await post(server, 'tools/call', { name: 't' });
    expect(text).toContain('connect failed');
    expect(text).not.toMatch(/inner|faulty-functions/);
    expect(facts).toMatchObject([
      {
        name: 'function.failed',
        severity: 'warn',
        fields: { function: 'tool "t"', message: `connect failed: ${SECRET}` },
      },
    ]);
  });

  test('is not told of when its call was cancelled', async () => {
    const { builder, facts } = watched();
    const server = builder
      .addTool({
        name: 't',
        handler: (_params, { signal }) =>
          new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      })
      .build();
    const controller = new AbortController();
    const answer = call(server, 'tools/call', { name: 't' }, { signal: controller.signal });
    controller.abort();
    await answer.catch(() => undefined);
    expect(facts).toEqual([]);
  });

  test('is told of as well when it had told something before', async () => {
    const { builder, facts } = watched();
    const server = builder
      .addPrompt({
        name: 'p',
        handler: (_params, { log }) => {
          log.error('on the way');
          return leak();
        },
      })
      .build();
    await expect(call(server, 'prompts/get', { name: 'p' }, { logLevel: 'error' })).rejects.toThrow('Internal error.');
    expect(facts).toMatchObject([{ name: 'function.failed', fields: { message: `connect failed: ${SECRET}` } }]);
  });

  test('is not told of when it only waits for an answer', async () => {
    const { builder, facts } = watched();
    const server = builder
      .addTool({ name: 't', handler: async (_params, { ask }) => (await ask(z.object({}), 'Go?')).action })
      .build();
    const options = { clientCapabilities: { elicitation: { form: {} } } };
    expect(await call(server, 'tools/call', { name: 't' }, options)).toMatchObject({ resultType: 'input_required' });
    expect(facts).toEqual([]);
  });
});

const circle: JsonObject = {};
circle.self = circle;

describe('a function that returns the wrong thing', () => {
  test.each<[string, unknown, object]>([
    [
      'a field of the wrong type',
      { n: 'x', inner: { m: 1 } },
      { text: /output schema does not allow: at "n": .*number/ },
    ],
    ['a field that is missing', { n: 1, inner: {} }, { text: /at "inner\.m": .*number/ }],
    ['nothing', undefined, { text: /at the top: .*object/ }],
    ['a whole result without the value', { content: [] }, { text: /at "n": / }],
    ['a whole result with a wrong value', { content: [], structuredContent: { n: 1 } }, { text: /at "inner": / }],
  ])(
    'with an output schema: %s is a tool error that names the field',
    async (_, returned, { text }: { text?: RegExp }) => {
      const { builder, facts } = watched();
      const output = z.object({ n: z.number(), inner: z.object({ m: z.number() }) });
      const server = builder.addTool({ name: 't', output, handler: () => returned as never }).build();
      const result = await call(server, 'tools/call', { name: 't' });
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(text!) as string }] });
      expect(result).not.toHaveProperty('structuredContent');
      expect(facts).toMatchObject([{ name: 'function.failed', fields: { function: 'tool "t"' } }]);
    },
  );

  test('a tool error is let pass whatever the output schema says', async () => {
    const { builder } = watched();
    const failed = { content: [{ type: 'text' as const, text: 'no' }], isError: true };
    const server = builder.addTool({ name: 't', output: z.object({}), handler: () => failed as never }).build();
    expect(await call(server, 'tools/call', { name: 't' })).toEqual({ resultType: 'complete', ...failed });
  });

  test.each<[string, unknown, string]>([
    ['a function', () => 1, 'tool "t" returned a function, which is not JSON.'],
    ['no content blocks', { content: ['text'] }, 'tool "t" returned content[0], which is no content block.'],
    ['BigInt in a whole result', { content: [], structuredContent: 1n }, 'tool "t" returned what is not JSON.'],
    ['a circle in a whole result', { content: [], _meta: circle }, 'tool "t" returned what is not JSON.'],
  ])('a tool: %s is an error of the server', async (_, returned, message) => {
    const { builder, facts } = watched();
    const server = builder.addTool({ name: 't', handler: () => returned as never }).build();
    await expect(call(server, 'tools/call', { name: 't' })).rejects.toMatchObject({ code: 'internal', message });
    expect(facts).toMatchObject([{ name: 'function.failed', fields: { message } }]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 7],
    ['an object of another kind', {}],
    ['a circle', { messages: [circle], contents: [circle] }],
  ])('prompts and resources: %s is an error of the server', async (_, returned) => {
    const { builder, facts } = watched();
    const server = builder
      .addPrompt({ name: 'p', handler: () => returned as never })
      .addResource({ uri: 'x://1', handler: () => returned as never })
      .build();
    await expect(call(server, 'prompts/get', { name: 'p' })).rejects.toThrow('prompt "p" returned');
    await expect(call(server, 'resources/read', { uri: 'x://1' })).rejects.toThrow('resource "x://1" returned');
    expect(facts.map(({ name }) => name)).toEqual(['function.failed', 'function.failed']);
  });
});

describe('a function that throws what cannot be looked at', () => {
  test('fails its call, and nothing else', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { builder } = watched();
    const server = builder.addPrompt({ name: 'p', handler: () => Promise.reject(proxy as Error) }).build();
    await expect(call(server, 'prompts/get', { name: 'p' })).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('a function that tells the wrong thing', () => {
  test('what is not JSON is left out, and the rest arrives', async () => {
    const { builder, facts } = watched();
    const server = builder
      .addTool({
        name: 't',
        handler: (_params, { log, progress }) => {
          log.error({ circle });
          for (const done of [NaN, Infinity]) progress(done);
          return 'end';
        },
      })
      .build();
    const options = { logLevel: 'debug', progressToken: 1 } as const;
    expect(await call(server, 'tools/call', { name: 't' }, options)).toMatchObject({ content: [{ text: 'end' }] });
    expect(facts).toMatchObject([{ name: 'function.told_no_json', fields: { method: 'notifications/message' } }]);
  });
});

describe('a function that tells more than its caller reads', () => {
  test('loses the rest, the log says so once, and the result arrives', async () => {
    const { builder, facts } = watched();
    const server = builder
      .addTool({
        name: 't',
        handler: (_params, { log }) => {
          for (let i = 0; i < 40; i++) log.info('x'.repeat(1024 * 1024));
          return 'end';
        },
      })
      .build();
    const reply = await server.handler(createCall('tools/call', { name: 't' }, { logLevel: 'debug' }));
    const kinds: string[] = [];
    for await (const { kind } of reply.messages()) kinds.push(kind);
    expect([kinds.length, kinds.at(-1)]).toEqual([17, 'result']);
    expect(facts).toMatchObject([{ name: 'function.told_too_much', fields: { function: 'tool "t"' } }]);
  });
});

describe('a function that hangs', () => {
  test.each([
    ['tools/call', { name: 't' }],
    ['prompts/get', { name: 'p' }],
    ['resources/read', { uri: 'x://1' }],
  ])('%s ends at its own limit, before that of the server', async (method, params) => {
    const clock = new FakeClock();
    const { builder, facts } = watched({ clock, toolTimeoutMs: 1_000 });
    const hangs = { timeoutMs: 50, handler: () => new Promise<never>(() => undefined) };
    const server = builder
      .addTool({ name: 't', ...hangs })
      .addPrompt({ name: 'p', ...hangs })
      .addResource({ uri: 'x://1', ...hangs })
      .build();
    const waiting = call(server, method, params);
    waiting.catch(() => undefined);
    await Promise.resolve();
    clock.advance(50);
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    expect(facts.map(({ name }) => name)).toEqual(['function.timed_out']);
  });
});

describe('arguments that are wrong', () => {
  const { builder } = watched();
  const server = builder
    .addTool({
      name: 't',
      parameters: z.strictObject({ list: z.array(z.object({ n: z.number() })), text: z.string().max(3) }),
      handler: () => 'ok',
    })
    .addTool({ name: 'bare', handler: () => 'ok' })
    .addPrompt({ name: 'p', parameters: z.object({ a: z.string() }), handler: () => 'ok' })
    .build();

  test.each<[JsonObject, RegExp]>([
    [{ list: [{ n: 1 }, { n: 'x' }], text: 'a' }, /at "list\.1\.n": .*number.* \(got "x"\)/],
    [{ list: [], text: 'a'.repeat(100) }, /at "text": .* \(got "a{60}"… of 100 characters\)/],
    [{ list: 7, text: 'a' }, /at "list": .*array.* \(got 7\)/],
    [{ list: [], text: Array.from({ length: 40 }, () => 1) }, /at "text": .* \(got an array of 40\)/],
    [{ list: [], text: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, i])) }, /\(got an object\)/],
    [{ list: [] }, /at "text": .*string.* undefined$/],
    [{ list: [], text: 'a', more: 1 }, /at the top: .*more/],
    [{ list: [], text: 1n }, /at "text": .* \(got a bigint\)/],
  ])('case %#: are named with their path, what was got and what is wanted', async (given, message) => {
    expect(await call(server, 'tools/call', { name: 't', arguments: given })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(message) as string }],
    });
  });

  test('are those of a tool without parameters, too', async () => {
    expect(await call(server, 'tools/call', { name: 'bare', arguments: { x: 1 } })).toMatchObject({
      isError: true,
      content: [{ text: 'Invalid arguments for bare: at "x": the tool takes no arguments (got 1)' }],
    });
  });

  test.each<[unknown, RegExp]>([
    [{ a: 1 }, /Invalid arguments for p: at "a": .*string.* \(got 1\)/],
    [[], /arguments must be an object/],
  ])('%j of a prompt are refused', async (given, message) => {
    const params = { name: 'p', arguments: given };
    await expect(call(server, 'prompts/get', params)).rejects.toMatchObject({
      code: 'invalid_params',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('build()', () => {
  test('names every fault of one tool, of options and of definitions at once', () => {
    const ok = { handler: () => 'x' };
    const undescribed = {
      '~standard': { version: 1 as const, vendor: 'odd', validate: (value: unknown) => ({ value }) },
    };
    const { builder } = watched({ pageSize: 0, ttlMs: -1, cacheScope: 'all' as never, limits: { maxBytes: 0 } });
    const wrong = builder
      .addTool({ name: 'a b', parameters: undescribed, output: undescribed, timeoutMs: 0, ...ok })
      .addTool({
        name: 'h',
        parameters: z.object({ x: z.number().meta({ 'x-mcp-header': 'X' }) }),
        ...ok,
      })
      .addPrompt({ name: '', ...ok })
      .addPrompt({ name: 'p', timeoutMs: NaN, ...ok })
      .addResource({ uri: 'x://1', ttlMs: -5, ...ok })
      .addResource({ uriTemplate: 'x://{', name: 'x', ...ok })
      .addResource({ uriTemplate: 'x://{a}', name: 'x', cacheScope: 'some' as never, ...ok });
    let message = '';
    try {
      wrong.build();
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    expect(message.split('\n').map((line) => line.slice(0, 60))).toEqual([
      'pageSize is 0; allowed: an integer from 1.',
      'ttlMs is -1; allowed: an integer from 0.',
      'cacheScope is "all"; allowed: "public", "private".',
      expect.stringContaining('limits.maxBytes is 0'),
      'tool "a b": a name is 1 to 128 of A-Z a-z 0-9 _ - .',
      'tool "a b": timeoutMs is 0; allowed: an integer from 1.',
      expect.stringContaining('tool "a b": parameters: the schema (odd)'),
      expect.stringContaining('tool "a b": output: the schema (odd)'),
      expect.stringContaining('tool "h": x-mcp-header of "x" is on a value of type number'),
      'prompt 1: name is empty.',
      expect.stringContaining('prompt "p": timeoutMs is NaN'),
      'resource "x://1": ttlMs is -5; allowed: an integer from 0.',
      expect.stringContaining('the URI template is wrong'),
      expect.stringContaining('cacheScope is "some"'),
    ]);
  });

  test('says that a server must have a name and a version', () => {
    expect(() => new MCPServerBuilder({ name: '' } as never).build()).toThrow(/version is missing.*\nname is empty/);
  });
});
