import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deferred, FakeClock, settled } from '../../test/support/fake-clock.ts';
import { createCall, type Call, type Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { systemRandom } from '../core/random.ts';
import { resultReply, streamReply, type NotificationMessage, type Result } from '../core/reply.ts';
import { createMemoryStore, type Store } from '../core/store.ts';
import { silentTelemetry } from '../core/telemetry.ts';
import { createSeal } from '../wire/seal.ts';
import { MCPServerBuilder } from './builder.ts';
import type { ServerOptions } from './options.ts';
import type { MCPServer } from './server.ts';
import { Tasks, TASKS_EXTENSION } from './tasks.ts';

const CAPABILITIES = { extensions: { [TASKS_EXTENSION]: {} } };
const ALICE: Principal = { subject: 'alice', scopes: new Set() };
const BOB: Principal = { subject: 'bob', scopes: new Set() };

let clock: FakeClock;
let store: Store;

beforeEach(() => {
  clock = new FakeClock();
  store = createMemoryStore(clock);
});

interface Replica {
  readonly tasks: Tasks;
  readonly changes: JsonObject[];
  /** Ends the process: its runs stop without a word. */
  readonly closing: AbortController;
}

function replica(callTool: Handler, isRepeatable = false): Replica {
  const changes: JsonObject[] = [];
  const closing = new AbortController();
  const seal = createSeal(new Uint8Array(32));
  const telemetry = silentTelemetry;
  const runtime = {
    ...{ name: 's', services: {}, seal, store, clock, random: systemRandom, telemetry },
    ...{ closing: closing.signal, timeoutMs: undefined },
  };
  const onChange = (task: JsonObject): void => void changes.push(task);
  return { tasks: new Tasks({ runtime, callTool, isRepeatable: () => isRepeatable, onChange }), changes, closing };
}

const toolCall = (principal: Principal | null = ALICE): Call =>
  createCall('tools/call', { name: 'build', arguments: { x: 1 } }, { principal, clientCapabilities: CAPABILITIES });

async function ask(tasks: Tasks, [method, params]: [string, JsonObject], principal: Principal | null = ALICE) {
  const call = createCall(method, params, { principal, clientCapabilities: CAPABILITIES });
  const answer = tasks.methods[method];
  if (!answer) throw new Error(`no ${method}`);
  return (await answer(call)).result();
}

const get = (tasks: Tasks, taskId: unknown, principal?: Principal | null): Promise<Result> =>
  ask(tasks, ['tasks/get', { taskId }], principal);

const start = async (tasks: Tasks, principal?: Principal | null): Promise<Result> =>
  (await tasks.start(toolCall(principal))).result();

const text = (value: string): Result => ({ resultType: 'complete', content: [{ type: 'text', text: value }] });

const reply = (result: Result): Promise<ReturnType<typeof resultReply>> =>
  Promise.resolve(resultReply(Payload.of(result)));

const never: Handler = (call) =>
  new Promise((_, reject) => {
    call.signal.addEventListener('abort', () => {
      reject(McpError.from(call.signal.reason));
    });
  });

/** Asks two questions in its first round and tells the answers in the second. */
const asking: Handler = (call) => {
  const { inputResponses, requestState } = call.params.value;
  if (call.round > 0) return reply(text(JSON.stringify({ inputResponses, requestState, round: call.round })));
  const question = { method: 'roots/list' };
  return reply({ resultType: 'input_required', inputRequests: { a: question, b: question }, requestState: 's1' });
};

describe('a task', () => {
  test('is answered at once, and gives its result when it is done', async () => {
    let finish!: (result: Result) => void;
    const { tasks, changes } = replica(() => new Promise<Result>((resolve) => (finish = resolve)).then(reply));
    const created = await start(tasks);
    expect(created).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 86_400_000, pollIntervalMs: 1_000 });
    expect(await get(tasks, created.taskId)).toMatchObject({ resultType: 'complete', status: 'working' });
    await settled();
    finish(text('built'));
    await settled();
    const done = await get(tasks, created.taskId);
    expect(done).toMatchObject({ status: 'completed', result: { content: [{ text: 'built' }] } });
    expect(changes.map(({ status }) => status)).toEqual(['working', 'completed']);
  });

  test('that breaks has failed, with the error of the call', async () => {
    const { tasks } = replica(() => Promise.reject(new McpError('invalid_params', 'no such branch')));
    const { taskId } = await start(tasks);
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({
      status: 'failed',
      error: { code: -32602, message: 'no such branch' },
    });
  });

  test('shows its progress as the status message', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { tasks } = replica((call) => {
      async function* messages() {
        const params = { progressToken: call.progressToken, progress: 1, message: 'half way' };
        yield { kind: 'notification' as const, method: 'notifications/progress', params: Payload.of(params) };
        await gate;
        yield { kind: 'result' as const, result: Payload.of(text('built')) };
      }
      return Promise.resolve(streamReply(messages(), () => undefined));
    });
    const { taskId } = await start(tasks);
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'working', statusMessage: 'half way' });
    go();
    await settled();
    expect(await get(tasks, taskId)).not.toHaveProperty('statusMessage');
  });

  test('shows progress without a message as well, and does not write down what is outdated', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let writes = 0;
    const { set } = store;
    store.set = (key, ...rest) => (key.endsWith(':record') && writes++, set(key, ...rest));
    const { tasks } = replica((call) => {
      async function* messages() {
        for (let progress = 1; progress <= 1_000; progress++) {
          const params = { progressToken: call.progressToken, progress, total: 2_000 };
          yield { kind: 'notification' as const, method: 'notifications/progress', params: Payload.of(params) };
        }
        await gate;
        yield { kind: 'result' as const, result: Payload.of(text('built')) };
      }
      return Promise.resolve(streamReply(messages(), () => undefined));
    });
    const { taskId } = await start(tasks);
    // A slow store: each write takes a turn.
    store.set = async (key, ...rest) => (await settled(), key.endsWith(':record') && writes++, set(key, ...rest));
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'working', statusMessage: '1000/2000' });
    go();
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'completed' });
    expect(writes).toBeLessThan(10);
  });

  test('that is cancelled stays so, though its progress is being written down', async () => {
    const [begun, held] = [deferred(), deferred()];
    const { tasks } = replica((call) => {
      async function* messages() {
        await begun.promise;
        const params = { progressToken: call.progressToken, progress: 1, message: 'half way' };
        yield { kind: 'notification' as const, method: 'notifications/progress', params: Payload.of(params) };
        await new Promise(() => undefined);
      }
      return Promise.resolve(streamReply(messages(), () => undefined));
    });
    const { taskId } = await start(tasks);
    const { set } = store;
    store.set = async (...given) => {
      store.set = set;
      await held.promise;
      return set(...given);
    };
    begun.resolve();
    await settled();
    await ask(tasks, ['tasks/cancel', { taskId }]);
    await settled();
    held.resolve();
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('refuses an answer that is none, and waits on', async () => {
    const { tasks } = replica(asking);
    const { taskId } = await start(tasks);
    await settled();
    const wrong = { a: { roots: [] }, b: { action: 'accept' } };
    await expect(ask(tasks, ['tasks/update', { taskId, inputResponses: wrong }])).rejects.toMatchObject({
      code: 'invalid_params',
    });
    expect(Object.keys((await get(tasks, taskId)).inputRequests as JsonObject)).toEqual(['a', 'b']);
  });

  test('asks, keeps the answers given so far, and goes on when all are there', async () => {
    const { tasks } = replica(asking);
    const { taskId } = await start(tasks);
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'input_required', inputRequests: { a: {}, b: {} } });
    await ask(tasks, ['tasks/update', { taskId, inputResponses: { a: { roots: [] }, unknown: 1 } }]);
    const half = await get(tasks, taskId);
    expect(Object.keys(half.inputRequests as JsonObject)).toEqual(['b']);
    await ask(tasks, ['tasks/update', { taskId, inputResponses: { a: 'too late', b: { roots: [] } } }]);
    await settled();
    const { result } = await get(tasks, taskId);
    const [content] = (result as { content: { text: string }[] }).content;
    const inputResponses = { a: { roots: [] }, b: { roots: [] } };
    expect(JSON.parse(content!.text)).toEqual({ inputResponses, requestState: 's1', round: 1 });
  });

  test('tells when it last changed, and how long it is kept from its creation on', async () => {
    const { tasks, changes } = replica(asking);
    const { taskId, createdAt } = await start(tasks);
    await settled();
    clock.advance(3_600_000);
    const inputResponses = { a: { roots: [] }, b: { roots: [] } };
    await ask(tasks, ['tasks/update', { taskId, inputResponses }]);
    await settled();
    expect(changes.map(({ status }) => status)).toEqual(['working', 'input_required', 'working', 'completed']);
    for (const told of changes.slice(2)) {
      expect(Date.parse(String(told.lastUpdatedAt)) - Date.parse(String(createdAt))).toBe(3_600_000);
      expect(told.ttlMs).toBe(86_400_000 + 3_600_000);
    }
  });

  test('is cancelled while it works and while it waits', async () => {
    const working = replica(never).tasks;
    const waiting = replica(asking).tasks;
    for (const tasks of [working, waiting]) {
      const { taskId } = await start(tasks);
      await settled();
      expect(await ask(tasks, ['tasks/cancel', { taskId }])).toEqual({ resultType: 'complete' });
      await settled();
      expect(await get(tasks, taskId)).toMatchObject({ status: 'cancelled' });
      expect(await ask(tasks, ['tasks/cancel', { taskId }])).toEqual({ resultType: 'complete' });
    }
  });

  test("another's is unknown, and callers without the extension are told what they lack", async () => {
    const { tasks } = replica(never);
    const { taskId } = await start(tasks);
    await expect(get(tasks, taskId, BOB)).rejects.toMatchObject({ code: 'not_found' });
    await expect(get(tasks, taskId, null)).rejects.toMatchObject({ code: 'not_found' });
    await expect(get(tasks, 7)).rejects.toMatchObject({ code: 'invalid_params' });
    const bare = createCall('tasks/get', { taskId }, { principal: ALICE });
    await expect(tasks.methods['tasks/get']!(bare)).rejects.toMatchObject({
      code: 'missing_client_capability',
      data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    });
  });
});

describe('with a shared store', () => {
  test('any replica answers, takes answers and runs each round once', async () => {
    const [one, other] = [replica(asking), replica(asking)];
    const { taskId } = await start(one.tasks);
    await settled();
    const inputResponses = { a: { roots: [] }, b: { roots: [] } };
    await Promise.all([one, other].map(({ tasks }) => ask(tasks, ['tasks/update', { taskId, inputResponses }])));
    await settled();
    expect(await get(other.tasks, taskId)).toMatchObject({ status: 'completed' });
    expect([...one.changes, ...other.changes].filter(({ status }) => status === 'completed')).toHaveLength(1);
  });

  test('a wish to cancel reaches the replica that runs the task', async () => {
    const [one, other] = [replica(never), replica(never)];
    const { taskId } = await start(one.tasks);
    await settled();
    await ask(other.tasks, ['tasks/cancel', { taskId }]);
    clock.advance(10_000);
    await settled();
    expect(await get(other.tasks, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('a task whose process has ended has failed, unless its tool may be repeated', async () => {
    for (const [repeatable, status] of [
      [false, 'failed'],
      [true, 'working'],
    ] as const) {
      const lost = replica(() => new Promise(() => undefined));
      const { taskId } = await start(lost.tasks);
      const successor = replica(never, repeatable);
      expect(await get(successor.tasks, taskId)).toMatchObject({ status: 'working' });
      // The clock stands still for the process that is gone.
      await store.delete(`mcp:task:${String(taskId)}:lease`);
      expect(await get(successor.tasks, taskId)).toMatchObject({ status });
    }
  });

  test('a wish to cancel reaches a task that begins to wait meanwhile', async () => {
    const held = deferred();
    const one = replica((call) => held.promise.then(() => asking(call)));
    const { taskId } = await start(one.tasks);
    await settled();
    await ask(replica(never).tasks, ['tasks/cancel', { taskId }]);
    held.resolve();
    await settled();
    expect(await get(one.tasks, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('a task that was cancelled when its process had ended is not run again', async () => {
    const { taskId } = await start(replica(() => new Promise(() => undefined)).tasks);
    const successor = replica(() => reply(text('built')), true).tasks;
    await ask(successor, ['tasks/cancel', { taskId }]);
    await store.delete(`mcp:task:${String(taskId)}:lease`);
    await get(successor, taskId);
    await settled();
    expect(await get(successor, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('a task is taken over again when its second process has ended too', async () => {
    const hangs: Handler = () => new Promise(() => undefined);
    const { taskId } = await start(replica(hangs).tasks);
    for (const successor of [replica(hangs, true), replica(() => reply(text('built')), true)]) {
      clock.advance(1);
      await store.delete(`mcp:task:${String(taskId)}:lease`);
      await get(successor.tasks, taskId);
      await settled();
    }
    expect(await get(replica(hangs).tasks, taskId)).toMatchObject({ status: 'completed' });
  });

  test('a round that begins before the last one is put away can be cancelled at once', async () => {
    const held = deferred();
    const { set } = store;
    const { tasks } = replica((call) => (call.round === 0 ? asking(call) : never(call)));
    const { taskId } = await start(tasks);
    // The store has it before this process is told so.
    store.set = async (...given) => {
      store.set = set;
      await set(...given);
      await held.promise;
    };
    await settled();
    const inputResponses = { a: { roots: [] }, b: { roots: [] } };
    await ask(tasks, ['tasks/update', { taskId, inputResponses }]);
    held.resolve();
    await settled();
    await ask(tasks, ['tasks/cancel', { taskId }]);
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('a running task keeps its lease', async () => {
    const one = replica(never);
    const { taskId } = await start(one.tasks);
    await settled();
    for (let beat = 0; beat < 10; beat++) {
      clock.advance(10_000);
      await settled();
    }
    expect(await get(replica(never).tasks, taskId)).toMatchObject({ status: 'working' });
  });
});

describe('a question of a task', () => {
  const name = z.object({ name: z.string() });
  const serverOf = (options: Partial<ServerOptions> = {}): MCPServer =>
    new MCPServerBuilder({ name: 's', version: '1', secret: new Uint8Array(32), clock, ...options })
      .addTool({
        name: 't',
        task: true,
        parameters: z.object({ region: z.string().optional().meta({ 'x-mcp-header': 'Region' }) }),
        handler: async (_params, { ask }) => {
          const answer = await ask(name, 'Who?', { id: 'who' });
          return answer.action === 'accept' ? answer.content.name : answer.action;
        },
      })
      .build();
  const options = { principal: ALICE, clientCapabilities: { ...CAPABILITIES, elicitation: { form: {} } } };
  const send = async (server: MCPServer, method: string, params: JsonObject): Promise<Result> =>
    (await server.handler({ ...createCall(method, params, options), paramHeaders: {} })).result();
  const answers = (key: string, value: unknown) => ({
    inputResponses: { [key]: { action: 'accept', content: { name: value } } },
  });

  /** Until the task waits or has ended: sealing takes turns of its own. */
  const rest = async (server: MCPServer, taskId: unknown): Promise<void> => {
    while ((await send(server, 'tasks/get', { taskId })).status === 'working') await settled();
  };

  test('is asked again under another key when its answer does not fit', async () => {
    const server = serverOf();
    const { taskId } = await send(server, 'tools/call', { name: 't' });
    await rest(server, taskId);
    await send(server, 'tasks/update', { taskId, ...answers('who', 7) });
    await rest(server, taskId);
    const again = await send(server, 'tasks/get', { taskId });
    expect(Object.keys(again.inputRequests as JsonObject)).toEqual(['who#2']);
    await send(server, 'tasks/update', { taskId, ...answers('who#2', 'Ada') });
    await rest(server, taskId);
    expect(await send(server, 'tasks/get', { taskId })).toMatchObject({ result: { content: [{ text: 'Ada' }] } });
  });

  test('has a key of its own, whatever the ids of the tool are', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1', clock })
      .addTool({
        name: 't',
        task: true,
        handler: async (_params, { ask }) => {
          for (const id of ['who#2', 'who', 'x:record']) await ask(name, 'Who?', { id });
          return 'done';
        },
      })
      .build();
    const { taskId } = await send(server, 'tools/call', { name: 't' });
    const keys = new Set<string>();
    for (let round = 0; round < 3; round++) {
      await rest(server, taskId);
      const [key = ''] = Object.keys((await send(server, 'tasks/get', { taskId })).inputRequests as JsonObject);
      keys.add(key);
      await send(server, 'tasks/update', { taskId, ...answers(key, 'Ada') });
    }
    await rest(server, taskId);
    expect(await send(server, 'tasks/get', { taskId })).toMatchObject({ status: 'completed' });
    expect(keys.size).toBe(3);
  });

  test('cannot have its answer taken for the record of a task', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1', clock })
      .addTool({
        name: 't',
        task: true,
        parameters: z.object({ file: z.string() }),
        handler: async ({ file }, { ask }) => (await ask(name, 'Sure?', { id: `delete:${file}` })).action,
      })
      .addTool({ name: 'reset', handler: () => 'reset' })
      .build();
    const { taskId } = await send(server, 'tools/call', { name: 't', arguments: { file: 'record' } });
    await rest(server, taskId);
    const forged = { action: 'decline', taskId: 'x', status: 'completed', owner: { subject: 'alice' }, result: {} };
    await send(server, 'tasks/update', { taskId, inputResponses: { 'delete:record': forged } });
    await expect(send(server, 'tasks/get', { taskId: `${String(taskId)}:answer:1:delete` })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('that was asked before there was a task is not asked again', async () => {
    const server = serverOf();
    const plain = createCall('tools/call', { name: 't' }, { ...options, clientCapabilities: { elicitation: {} } });
    const { requestState } = await (await server.handler({ ...plain, paramHeaders: {} })).result();
    const { taskId } = await send(server, 'tools/call', { name: 't', requestState, ...answers('who', 'Ada') });
    await rest(server, taskId);
    expect(await send(server, 'tasks/get', { taskId })).toMatchObject({ result: { content: [{ text: 'Ada' }] } });
  });

  test.each([false, true])('may be answered the next morning (with a store: %s)', async (withStore) => {
    const server = serverOf(withStore ? { store } : {});
    const { taskId } = await send(server, 'tools/call', { name: 't' });
    await rest(server, taskId);
    clock.advance(8 * 3_600_000);
    await send(server, 'tasks/update', { taskId, ...answers('who', 'Ada') });
    await rest(server, taskId);
    expect(await send(server, 'tasks/get', { taskId })).toMatchObject({ result: { content: [{ text: 'Ada' }] } });
  });

  test('needs no headers of the tool; the call that starts the task does', async () => {
    const server = serverOf();
    await expect(send(server, 'tools/call', { name: 't', arguments: { region: 'eu' } })).rejects.toMatchObject({
      code: 'header_mismatch',
    });
    const start = createCall('tools/call', { name: 't', arguments: { region: 'eu' } }, options);
    const started = await server.handler({ ...start, paramHeaders: { 'mcp-param-region': 'eu' } });
    const { taskId } = await started.result();
    await rest(server, taskId);
    await send(server, 'tasks/update', { taskId, ...answers('who', 'Ada') });
    await rest(server, taskId);
    expect(await send(server, 'tasks/get', { taskId })).toMatchObject({ status: 'completed' });
  });

  test('is told to the owner of the task that listens, and to nobody else', async () => {
    const server = serverOf();
    const { taskId } = await send(server, 'tools/call', { name: 't' });
    await rest(server, taskId);
    const listen = (principal: Principal, clientCapabilities: JsonObject = CAPABILITIES) =>
      server.handler(
        createCall('subscriptions/listen', { notifications: { taskIds: [taskId] } }, { principal, clientCapabilities }),
      );
    const first = async (principal: Principal) => {
      const messages = (await listen(principal)).messages()[Symbol.asyncIterator]();
      const { value } = await messages.next();
      return { messages, acknowledged: (value as NotificationMessage).params.value.notifications };
    };
    expect((await first(BOB)).acknowledged).toEqual({});
    const { messages, acknowledged } = await first(ALICE);
    expect(acknowledged).toEqual({ taskIds: [taskId] });
    await send(server, 'tasks/cancel', { taskId });
    expect(((await messages.next()).value as NotificationMessage).params.value).toMatchObject({
      taskId,
      status: 'cancelled',
    });
    await expect(listen(ALICE, {})).rejects.toMatchObject({ code: 'missing_client_capability' });
  });
});

describe('a tool that does not listen to its signal', () => {
  const deaf: Handler = () => new Promise(() => undefined);

  test('keeps nobody waiting when the task is cancelled', async () => {
    const { tasks } = replica(deaf);
    const { taskId } = await start(tasks);
    await settled();
    await ask(tasks, ['tasks/cancel', { taskId }]);
    await settled();
    expect(await get(tasks, taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('goes on elsewhere when the server closes, if it may be repeated, and has failed otherwise', async () => {
    for (const [repeatable, status] of [
      [true, 'completed'],
      [false, 'failed'],
    ] as const) {
      const { tasks, closing } = replica(deaf, repeatable);
      const { taskId } = await start(tasks);
      await settled();
      closing.abort();
      await settled();
      const successor = replica(() => reply(text('built')), repeatable).tasks;
      await get(successor, taskId);
      await settled();
      expect(await get(successor, taskId)).toMatchObject({ status });
    }
  });
});

test('a store that fails is told of, and does not end the process', async () => {
  const { tasks } = replica(() => reply(text('built')));
  const broken = { ...store };
  const facts: string[] = [];
  const runtime = {
    ...{ name: 's', services: {}, seal: createSeal(new Uint8Array(32)), store: broken, clock, random: systemRandom },
    telemetry: { record: ({ name }: { name: string }) => void facts.push(name) },
    ...{ closing: new AbortController().signal, timeoutMs: undefined },
  };
  const failing = new Tasks({ runtime, callTool: never, isRepeatable: () => false, onChange: () => undefined });
  const { taskId } = await start(failing);
  await settled();
  broken.set = () => Promise.reject(new Error('no connection'));
  clock.advance(10_000);
  await settled();
  await ask(failing, ['tasks/cancel', { taskId }]);
  await settled();
  expect(facts).toEqual(['task.lease_failed', 'task.lost']);
  expect(await get(tasks, taskId)).toMatchObject({ status: 'working' });
});

test('progress that the store does not take is told of, and does not end the task', async () => {
  const facts: string[] = [];
  const begun = deferred();
  const server = new MCPServerBuilder({
    ...{ name: 's', version: '1', clock, store },
    telemetry: { record: ({ name }) => void facts.push(name) },
  })
    .addTool({
      name: 't',
      task: true,
      handler: async (_params, { progress }) => {
        await begun.promise;
        progress(1);
        await settled();
        return 'built';
      },
    })
    .build();
  const send = async (method: string, params: JsonObject): Promise<Result> =>
    (await server.handler(createCall(method, params, { clientCapabilities: CAPABILITIES }))).result();
  const { taskId } = await send('tools/call', { name: 't' });
  const { set } = store;
  store.set = () => ((store.set = set), Promise.reject(new Error('no connection')));
  begun.resolve();
  for (let turn = 0; turn < 3; turn++) await settled();
  expect(await send('tasks/get', { taskId })).toMatchObject({ status: 'completed' });
  expect(facts).toEqual(['task.progress_lost']);
});

test('whoever listens to a task and reads slowly is not told of progress that is outdated', async () => {
  const gates = Array.from({ length: 4 }, deferred);
  const server = new MCPServerBuilder({ name: 's', version: '1', clock })
    .addTool({
      name: 't',
      task: true,
      handler: async (_params, { progress }) => {
        for (const [index, gate] of gates.entries()) {
          await gate.promise;
          progress(index, 3);
        }
        return 'built';
      },
    })
    .build();
  const options = { clientCapabilities: CAPABILITIES };
  const { taskId } = await (await server.handler(createCall('tools/call', { name: 't' }, options))).result();
  const filter = { notifications: { taskIds: [taskId] } };
  const reply = await server.handler(createCall('subscriptions/listen', filter, options));
  for (const gate of gates) {
    gate.resolve();
    await settled();
  }
  const seen: unknown[] = [];
  for await (const message of reply.messages()) {
    const { status, statusMessage } = message.kind === 'notification' ? message.params.value : {};
    seen.push([status, statusMessage]);
    if (status === 'completed') break;
  }
  // The first is that the filter is honoured.
  expect(seen.slice(1)).toEqual([['completed', undefined]]);
});
