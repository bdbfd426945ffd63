import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCall } from '../src/core/call.ts';
import { systemClock, type Clock } from '../src/core/clock.ts';
import type { JsonObject } from '../src/core/json.ts';
import { settled } from './support/fake-clock.ts';
import { taskServer } from './support/task-server.ts';

/** Past the lease that the dead process has left. */
const later: Clock = { ...systemClock, wallClock: () => systemClock.wallClock() + 60_000 };
const options = {
  clientCapabilities: { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

let folder: string;
let ids: Record<string, string>;

/** One process starts the tasks and is killed. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-tasks-'));
  const script = fileURLToPath(new URL('./support/task-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    exited.then(([code]) => Promise.reject(new Error(`ended with ${String(code)}`))),
  ])) as [Buffer];
  ids = JSON.parse(line.toString()) as Record<string, string>;
  child.kill('SIGKILL');
  await exited;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const call = async (method: string, params: JsonObject): Promise<JsonObject> => {
  const { handler } = taskServer(folder, { hangs: false, clock: later });
  return (await handler(createCall(method, params, options))).result();
};

/** Looks until the task is over, as a caller does. */
async function end(taskId: string | undefined): Promise<JsonObject> {
  for (;;) {
    const task = await call('tasks/get', { taskId });
    if (task.status !== 'working') return task;
    await settled();
  }
}

test('another process runs a task again whose tool may be repeated', async () => {
  expect(await end(ids.safe)).toMatchObject({ status: 'completed', result: { content: [{ text: 'done' }] } });
});

test('another process tells that a task is lost whose tool may not be repeated', async () => {
  expect(await end(ids.unsafe)).toMatchObject({
    status: 'failed',
    statusMessage: expect.stringContaining('has ended') as string,
    error: { code: -32603, data: { code: 'unavailable' } },
  });
});

test('another process takes the answer to a question that the dead one has asked', async () => {
  const waiting = await end(ids.ask);
  expect(waiting).toMatchObject({ status: 'input_required', inputRequests: { q0: { params: { message: 'Who?' } } } });
  const inputResponses = { q0: { action: 'accept', content: { name: 'Ada' } } };
  await call('tasks/update', { taskId: ids.ask, inputResponses });
  expect(await end(ids.ask)).toMatchObject({ status: 'completed', result: { content: [{ text: 'Hello, Ada!' }] } });
});

test('another process goes on with a round whose answers the dead one had taken', async () => {
  expect(await end(ids.asked)).toMatchObject({ status: 'completed', result: { content: [{ text: 'done for Ada' }] } });
});
