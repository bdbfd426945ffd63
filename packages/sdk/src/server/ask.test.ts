import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { createCall, type Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Result } from '../core/reply.ts';
import { createMemoryStore } from '../core/store.ts';
import { MCPServerBuilder } from './builder.ts';
import type { ServerOptions } from './options.ts';
import type { CallContext } from './context.ts';
import type { MCPServer } from './server.ts';

const CAN = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const ALICE: Principal = { subject: 'alice', scopes: new Set() };
const NAME = z.object({ name: z.string() });

const serverOf = (
  handler: (context: CallContext) => Promise<string>,
  options: Partial<ServerOptions> = {},
  version?: string,
): MCPServer =>
  new MCPServerBuilder({ name: 's', version: '1', secret: new Uint8Array(32), ...options })
    .addTool({ name: 't', ...(version ? { version } : {}), handler: (_params, context) => handler(context) })
    .build();

interface Retry {
  inputResponses?: JsonObject;
  requestState?: unknown;
  arguments?: JsonObject;
}

const call = async (server: MCPServer, retry: Retry = {}, principal: Principal | null = ALICE): Promise<Result> =>
  (
    await server.handler(createCall('tools/call', { name: 't', ...retry }, { principal, clientCapabilities: CAN }))
  ).result();

const accept = (content: JsonObject): JsonObject => ({ action: 'accept', content });

/** Answers every question with `answer` until the call is complete. */
async function play(
  server: MCPServer,
  answer: (question: JsonObject) => unknown,
): Promise<{ text: string; rounds: number }> {
  let result = await call(server);
  let rounds = 0;
  for (; result.resultType === 'input_required'; rounds++) {
    const questions = Object.entries(result.inputRequests as Record<string, JsonObject>);
    const inputResponses = Object.fromEntries(questions.map(([key, question]) => [key, answer(question)]));
    result = await call(server, { inputResponses, requestState: result.requestState });
  }
  return { text: textOf(result), rounds };
}

const textOf = (result: Result): string => (result.content as { text: string }[])[0]?.text ?? '';

describe('a tool that asks', () => {
  test('is answered on the next round, and each question is asked once', async () => {
    let runs = 0;
    const server = serverOf(async ({ ask, round }) => {
      runs++;
      const first = await ask(NAME, 'First?');
      const second = await ask(NAME, 'Second?');
      return JSON.stringify([first, second, round]);
    });
    const seen: unknown[] = [];
    const { text, rounds } = await play(server, (question) => {
      const { message } = question.params as { message: string };
      seen.push(message);
      return accept({ name: message });
    });
    expect(seen).toEqual(['First?', 'Second?']);
    expect(JSON.parse(text)).toEqual([accept({ name: 'First?' }), accept({ name: 'Second?' }), 1]);
    expect([rounds, runs]).toEqual([2, 3]);
  });

  test('tells declined and cancelled apart', async () => {
    const server = serverOf(async ({ ask }) => (await ask(NAME, 'Name?')).action);
    expect((await play(server, () => ({ action: 'decline' }))).text).toBe('decline');
    expect((await play(server, () => ({ action: 'cancel' }))).text).toBe('cancel');
  });

  test('asks together what is asked together, of all kinds', async () => {
    const server = serverOf(async ({ ask, askUrl, sample, roots }) => {
      const message = { role: 'user' as const, content: { type: 'text' as const, text: 'hi' } };
      const answers = await Promise.all([
        ask(NAME, 'Name?'),
        askUrl('https://example.com/pay', 'Pay'),
        sample({ messages: [message], maxTokens: 5 }),
        roots(),
      ]);
      return JSON.stringify(answers);
    });
    const sampled = { role: 'assistant', model: 'm', content: { type: 'text', text: 'ho' } };
    const { text, rounds } = await play(server, ({ method, params }) => {
      if (method === 'roots/list') return { roots: [{ uri: 'file:///r' }] };
      if (method === 'sampling/createMessage') return sampled;
      return (params as JsonObject).mode === 'url' ? { action: 'accept' } : accept({ name: 'Ada' });
    });
    expect(rounds).toBe(1);
    expect(JSON.parse(text)).toEqual([accept({ name: 'Ada' }), { action: 'accept' }, sampled, [{ uri: 'file:///r' }]]);
  });

  test('cannot hide a question in a catch', async () => {
    const server = serverOf(async ({ ask }) => {
      try {
        await ask(NAME, 'Name?');
        return 'answered';
      } catch {
        return 'swallowed';
      }
    });
    expect(await call(server)).toMatchObject({ resultType: 'input_required' });
    expect((await play(server, () => accept({ name: 'x' }))).text).toBe('answered');
  });

  test('asks again for what is missing or does not fit, and ignores what it did not ask', async () => {
    const server = serverOf(async ({ ask }) => {
      const [a, b] = await Promise.all([ask(NAME, 'A?', { id: 'a' }), ask(NAME, 'B?', { id: 'b' })]);
      return JSON.stringify([a, b]);
    });
    const first = await call(server);
    const half = await call(server, {
      inputResponses: { a: accept({ name: 'A' }), z: 1 },
      requestState: first.requestState,
    });
    expect(Object.keys(half.inputRequests as object)).toEqual(['b']);
    const wrong = await call(server, { inputResponses: { b: accept({ name: 7 }) }, requestState: half.requestState });
    expect(Object.keys(wrong.inputRequests as object)).toEqual(['b']);
    const right = await call(server, {
      inputResponses: { b: accept({ name: 'B' }) },
      requestState: wrong.requestState,
    });
    expect(JSON.parse(textOf(right))).toEqual([accept({ name: 'A' }), accept({ name: 'B' })]);
    await expect(call(server, { inputResponses: { a: 'x' }, requestState: first.requestState })).rejects.toThrow(
      'no result of',
    );
    expect(await call(server, { inputResponses: { a: 'x' } })).toMatchObject({ resultType: 'input_required' });
  });

  test('runs an effect once, and is quiet until it gets beyond what is known', async () => {
    const effects: string[] = [];
    const server = serverOf(async ({ ask, once, progress }) => {
      progress(1);
      const id = await once('order', () => `order ${effects.push('made')}`);
      await ask(NAME, 'Sure?');
      progress(2);
      return id;
    });
    const first = await (
      await server.handler(createCall('tools/call', { name: 't' }, { clientCapabilities: CAN, progressToken: 1 }))
    ).result();
    const retry = { inputResponses: { q0: accept({ name: 'x' }) }, requestState: first.requestState };
    const reply = await server.handler(
      createCall('tools/call', { name: 't', ...retry }, { clientCapabilities: CAN, progressToken: 1 }),
    );
    const seen: unknown[] = [];
    for await (const message of reply.messages())
      seen.push(message.kind === 'notification' ? message.params.value.progress : message.kind);
    expect(seen).toEqual([2, 'result']);
    expect(effects).toEqual(['made']);
  });

  test('that is not deterministic is told so', async () => {
    let run = 0;
    const server = serverOf(async ({ ask }) => {
      await ask(NAME, `Run ${run++}?`);
      return 'never';
    });
    const { requestState } = await call(server);
    await expect(call(server, { requestState, inputResponses: { q0: accept({ name: 'x' }) } })).rejects.toMatchObject({
      code: 'nondeterministic_tool',
    });
  });

  test('asks nothing of callers that cannot answer', async () => {
    const server = serverOf(async ({ askUrl }) => (await askUrl('https://example.com', 'Go')).action);
    const plain = createCall('tools/call', { name: 't' }, { clientCapabilities: { elicitation: {} } });
    await expect(server.handler(plain)).rejects.toMatchObject({
      code: 'missing_client_capability',
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    });
  });

  test('says which field a form cannot have', async () => {
    const server = serverOf(async ({ ask }) => (await ask(z.object({ deep: z.object({}) }), 'Deep?')).action);
    await expect(call(server)).rejects.toThrow('the field "deep" must be');
  });
});

describe('the rules of replay', () => {
  test('a question that is open wins over whatever the function returned or threw', async () => {
    const endings: ((asked: Promise<unknown>) => unknown)[] = [
      () => 'returned',
      () => Promise.reject(new Error('thrown')),
      () => Promise.reject(new McpError('not_found', 'refused')),
      async (asked) => {
        try {
          await asked;
        } finally {
          // eslint-disable-next-line no-unsafe-finally -- what user code may do
          return 'finally';
        }
      },
    ];
    for (const ending of endings) {
      const server = serverOf(({ ask }) => Promise.resolve(ending(ask(NAME, 'Name?'))) as Promise<string>);
      expect(await call(server)).toMatchObject({ resultType: 'input_required', inputRequests: { q0: {} } });
    }
  });

  test('a difference to the round before cannot be hidden in a catch', async () => {
    let run = 0;
    const server = serverOf(async ({ ask }) => {
      try {
        return (await ask(NAME, `Run ${run++}?`)).action;
      } catch {
        return 'swallowed';
      }
    });
    const { requestState } = await call(server);
    await expect(call(server, { requestState, inputResponses: { q0: accept({ name: 'x' }) } })).rejects.toMatchObject({
      code: 'nondeterministic_tool',
    });
  });

  test('the schema and the method belong to the question', async () => {
    const questions: ((context: CallContext) => Promise<unknown>)[] = [
      ({ ask }) => ask(z.object({ age: z.number() }), 'Name?'),

      ({ roots }) => roots(),
    ];
    for (const other of questions) {
      let run = 0;
      const server = serverOf(async (context) =>
        JSON.stringify(await (run++ === 0 ? context.ask(NAME, 'Name?') : other(context))),
      );
      const { requestState } = await call(server);
      await expect(call(server, { requestState, inputResponses: { q0: accept({ name: 'x' }) } })).rejects.toMatchObject(
        { code: 'nondeterministic_tool' },
      );
    }
  });

  test('an id of its own stands for the question, whatever it says', async () => {
    let run = 0;
    const server = serverOf(async ({ ask }) => (await ask(NAME, `At ${run++}: name?`, { id: 'name' })).action);
    const { requestState } = await call(server);
    const answered = await call(server, { requestState, inputResponses: { name: accept({ name: 'x' }) } });
    expect(textOf(answered)).toBe('accept');
  });

  test('two questions cannot have one id, and some ids are reserved', async () => {
    const twice = serverOf(async ({ ask }) => {
      await Promise.allSettled([ask(NAME, 'A?', { id: 'x' }), ask(NAME, 'B?', { id: 'x' })]);
      return 'swallowed';
    });
    await expect(call(twice)).rejects.toMatchObject({ code: 'nondeterministic_tool' });
    const untilLiked = serverOf(async ({ ask }) => {
      for (;;) if ((await ask(NAME, 'Name?', { id: 'x' })).action === 'accept') return 'liked';
    });
    const { requestState } = await call(untilLiked);
    await expect(
      call(untilLiked, { requestState, inputResponses: { x: { action: 'decline' } } }),
    ).rejects.toMatchObject({ code: 'nondeterministic_tool' });
    for (const id of ['q1', 'once:x']) {
      const reserved = serverOf(async ({ ask }) => (await ask(NAME, 'A?', { id })).action);
      await expect(call(reserved)).rejects.toThrow('reserved');
    }
  });

  test('an answer that came before its question is kept for the rounds that follow', async () => {
    const server = serverOf(async ({ ask }) => {
      const known = await ask(NAME, 'Known?', { id: 'known' });
      const other = await ask(NAME, 'Other?');
      return JSON.stringify([known, other]);
    });
    const { requestState, inputRequests } = await call(server, { inputResponses: { known: accept({ name: 'K' }) } });
    expect(Object.keys(inputRequests as JsonObject)).toEqual(['q1']);
    const end = await call(server, { requestState, inputResponses: { q1: accept({ name: 'O' }) } });
    expect(JSON.parse(textOf(end))).toEqual([accept({ name: 'K' }), accept({ name: 'O' })]);
  });

  test('side by side, each goes on when all of its own answers are there', async () => {
    const server = serverOf(async ({ ask }) => {
      const pair = async (name: string): Promise<string> => {
        const first = await ask(NAME, `${name} 1?`, { id: `${name}1` });
        const second = await ask(NAME, `${name} 2?`, { id: `${name}2` });
        return `${name} ${first.action} ${second.action}`;
      };
      return (await Promise.all([pair('a'), pair('b')])).join(', ');
    });
    const { text, rounds } = await play(server, () => ({ action: 'decline' }));
    expect([text, rounds]).toEqual(['a decline decline, b decline decline', 2]);
  });

  test('works in prompts and resources as well', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1' })
      .addPrompt({ name: 'p', handler: async (_params, { ask }) => (await ask(NAME, 'Name?')).action })
      .addResource({ uri: 'x://1', handler: async (_uri, { ask }) => (await ask(NAME, 'Name?')).action })
      .build();
    for (const [method, params] of [
      ['prompts/get', { name: 'p' }],
      ['resources/read', { uri: 'x://1' }],
    ] as const) {
      const options = { clientCapabilities: CAN };
      const { requestState } = await (await server.handler(createCall(method, params, options))).result();
      const retry = { ...params, requestState, inputResponses: { q0: { action: 'cancel' } } };
      expect(JSON.stringify(await (await server.handler(createCall(method, retry, options))).result())).toContain(
        '"cancel"',
      );
    }
  });
});

describe('once()', () => {
  test('tries again what failed, in the same round and in the next', async () => {
    let tries = 0;
    const server = serverOf(async ({ ask, once }) => {
      const effect = (): string => {
        if (++tries < 2) throw new Error('busy');
        return `try ${tries}`;
      };
      const made = await once('x', effect).catch(() => once('x', effect));
      await ask(NAME, 'Name?');
      return made;
    });
    expect((await play(server, () => ({ action: 'decline' }))).text).toBe('try 2');
    expect(tries).toBe(2);
  });

  test('runs an effect of one key once, also side by side, and gives what a later round will see', async () => {
    let runs = 0;
    const server = serverOf(async ({ once }) => {
      const at = (): Date => (runs++, new Date(0));
      return JSON.stringify(await Promise.all([once('at', at), once('at', at), once('nothing', () => undefined)]));
    });
    expect(textOf(await call(server))).toBe('["1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.000Z",null]');
    expect(runs).toBe(1);
  });

  test('says so when what it returned cannot be kept', async () => {
    const server = serverOf(async ({ once }) => String(await once('big', () => 1n)));
    await expect(call(server)).rejects.toThrow('once:big returned what is not JSON');
  });
});

describe('a state', () => {
  const asking = async ({ ask }: CallContext): Promise<string> => (await ask(NAME, 'Name?')).action;
  const answers = { q0: { action: 'decline' } };

  test('is refused when it is forged, old, or of another principal, version or call', async () => {
    const clock = new FakeClock();
    const server = serverOf(asking, { clock });
    const { requestState } = await call(server);
    const retry = { requestState, inputResponses: answers };
    await expect(call(server, { ...retry, requestState: `${String(requestState)}x` })).rejects.toThrow('requestState');
    await expect(call(server, { ...retry, requestState: 7 })).rejects.toThrow('requestState');
    await expect(call(server, retry, null)).rejects.toThrow('requestState');
    await expect(call(server, { ...retry, arguments: { other: 1 } })).rejects.toThrow('requestState');
    await expect(call(serverOf(asking, { clock }, '2'), retry)).rejects.toThrow('requestState');
    const other = new MCPServerBuilder({ name: 'other', version: '1', secret: new Uint8Array(32), clock })
      .addTool({ name: 't', handler: (_params, context) => asking(context) })
      .build();
    await expect(call(other, retry)).rejects.toThrow('requestState');
    const sibling = new MCPServerBuilder({ name: 's', version: '1', secret: new Uint8Array(32), clock })
      .addTool({ name: 'u', handler: (_params, context) => asking(context) })
      .build();
    await expect(call(sibling, { ...retry, name: 'u' } as Retry)).rejects.toThrow('requestState');
    await expect(call(server, { ...retry, inputResponses: [] as never })).rejects.toThrow('must be an object');
    // Another replica with the same secret goes on.
    expect(textOf(await call(serverOf(asking, { clock }), retry))).toBe('decline');
    clock.advance(600_001);
    await expect(call(server, retry)).rejects.toThrow('expired');
  });

  test('is good for one use when there is a store', async () => {
    const server = serverOf(asking, { store: createMemoryStore() });
    const { requestState } = await call(server);
    const retry = { requestState, inputResponses: answers };
    const twice = await Promise.allSettled([call(server, retry), call(server, retry)]);
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('may be used again when there is none', async () => {
    const server = serverOf(asking);
    const retry = { requestState: (await call(server)).requestState, inputResponses: answers };
    expect([textOf(await call(server, retry)), textOf(await call(server, retry))]).toEqual(['decline', 'decline']);
  });

  test('is not used up by a retry that is refused', async () => {
    const server = serverOf(asking, { store: createMemoryStore() });
    const { requestState } = await call(server);
    await expect(call(server, { requestState, inputResponses: { q0: 'x' } })).rejects.toThrow('no result of');
    expect(textOf(await call(server, { requestState, inputResponses: answers }))).toBe('decline');
  });

  test('that is long is measured in bytes, and has expired when its store has lost it', async () => {
    const long = async ({ ask, once }: CallContext): Promise<string> => {
      await once('long', () => 'é'.repeat(5_000));
      return (await ask(NAME, 'Name?')).action;
    };
    await expect(call(serverOf(long))).rejects.toThrow('give the server a store');
    const { requestState } = await call(serverOf(long, { store: createMemoryStore() }));
    const elsewhere = serverOf(long, { store: createMemoryStore() });
    await expect(call(elsewhere, { requestState, inputResponses: answers })).rejects.toThrow('has expired');
  });

  test('that is long is kept in the store, and is an error without one', async () => {
    const long = async ({ ask, once }: CallContext): Promise<string> => {
      const kept = await once('long', () => 'x'.repeat(10_000));
      await ask(NAME, 'Name?');
      return String(kept.length);
    };
    await expect(call(serverOf(long))).rejects.toThrow('give the server a store');
    const server = serverOf(long, { store: createMemoryStore() });
    const { requestState } = await call(server);
    expect(String(requestState).length).toBeLessThan(500);
    expect(textOf(await call(server, { requestState, inputResponses: answers }))).toBe('10000');
  });
});

describe('time', () => {
  test('a tool that takes too long is ended, and told', async () => {
    const clock = new FakeClock();
    const facts: string[] = [];
    const telemetry = { record: ({ name }: { name: string }) => void facts.push(name) };
    let aborted = false;
    let late: () => void = () => undefined;
    const hang = (context: CallContext): Promise<string> =>
      new Promise(() => {
        context.signal.addEventListener('abort', () => (aborted = true));
        late = () => {
          context.progress(1);
        };
      });
    const server = serverOf(hang, { clock, telemetry, toolTimeoutMs: 100 });
    const waiting = server.handler(createCall('tools/call', { name: 't' }, { progressToken: 1 }));
    clock.advance(100);
    await expect(waiting).rejects.toMatchObject({ code: 'timeout', message: 'tool "t" did not answer within 100 ms.' });
    late();
    expect(aborted).toBe(true);
    expect(facts).toEqual(['function.timed_out', 'function.told_after_its_end']);
  });
});
