import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import type { JsonObject } from '../core/json.ts';
import { TaskCalls } from './task-calls.ts';

/** Tasks of a server that tells the given states one after the other, and the last again and again. */
function tasksOf(states: JsonObject[]) {
  const clock = new FakeClock();
  const sent: [string, JsonObject][] = [];
  const asked: JsonObject[] = [];
  let next = 0;
  const tasks = new TaskCalls({
    clock,
    request: (method, params) => {
      sent.push([method, params]);
      return Promise.resolve(method === 'tasks/get' ? (states[Math.min(next++, states.length - 1)] ?? {}) : {});
    },
    answer: (inputRequests) => {
      asked.push(inputRequests);
      return Promise.resolve(Object.fromEntries(Object.keys(inputRequests).map((key) => [key, 'answer'])));
    },
  });
  return { tasks, clock, sent, asked };
}

const WORKING = { taskId: 't', status: 'working' };
const DONE = { taskId: 't', status: 'completed', result: { content: [] } };

it('looks as often as the server says', async () => {
  const { tasks, clock, sent } = tasksOf([{ ...WORKING, pollIntervalMs: 50 }, DONE]);
  const result = tasks.wait('t');
  await settled();
  clock.advance(49);
  await settled();
  expect(sent).toHaveLength(1);
  clock.advance(1);
  expect(await result).toEqual({ content: [] });
});

it.each([0, -5, 'soon', null, undefined])('pauses when the server says %s', async (pollIntervalMs) => {
  const { tasks, clock, sent } = tasksOf([{ ...WORKING, pollIntervalMs }, DONE]);
  const result = tasks.wait('t');
  await settled();
  clock.advance(999);
  await settled();
  expect(sent).toHaveLength(1);
  clock.advance(1);
  await result;
});

it('answers each question once, however often the server repeats it', async () => {
  const asks = (...keys: string[]) => ({
    taskId: 't',
    status: 'input_required',
    pollIntervalMs: 20,
    inputRequests: Object.fromEntries(keys.map((key) => [key, { method: 'roots/list' }])),
  });
  const { tasks, clock, sent, asked } = tasksOf([asks('a'), asks('a'), asks('a', 'b'), DONE]);
  const result = tasks.wait('t');
  await settled();
  clock.advance(20);
  await result;
  expect(asked.map((requests) => Object.keys(requests))).toEqual([['a'], ['b']]);
  expect(sent.filter(([method]) => method === 'tasks/update').map(([, params]) => params.inputResponses)).toEqual([
    { a: 'answer' },
    { b: 'answer' },
  ]);
});

it.each([
  [{ taskId: 't', status: 'cancelled' }, { code: 'cancelled' }],
  [{ taskId: 't', status: 'failed', error: { code: -32000, message: 'tea' } }, { rpc: { message: 'tea' } }],
  [{ taskId: 't', status: 'failed' }, { rpc: { code: -32603 } }],
])('a task that ended as %j fails the call', async (state, error) => {
  await expect(tasksOf([state]).tasks.wait('t')).rejects.toMatchObject(error);
});

it('a completed task without a result has an empty one', async () => {
  expect(await tasksOf([{ taskId: 't', status: 'completed' }]).tasks.wait('t')).toEqual({});
});

it('stops waiting when it is aborted', async () => {
  const { tasks, clock } = tasksOf([WORKING]);
  const controller = new AbortController();
  const result = tasks.wait('t', controller.signal);
  await settled();
  controller.abort();
  await expect(result).rejects.toMatchObject({ code: 'cancelled' });
  expect(clock.waiting).toBe(0);
});

it('cancels', async () => {
  const { tasks, sent } = tasksOf([]);
  await tasks.cancel('t');
  expect(sent).toEqual([['tasks/cancel', { taskId: 't' }]]);
});

it('gives up a task that never has asked enough', async () => {
  const states = Array.from({ length: 100 }, (_, i) => ({
    taskId: 't',
    status: 'input_required',
    inputRequests: { [`q${i}`]: { method: 'roots/list' } },
  }));
  const { tasks, asked } = tasksOf(states);
  await expect(tasks.wait('t')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('32 rounds'),
  });
  expect(asked).toHaveLength(32);
});

it.each([
  [1, 20],
  [1e12, 60 * 60 * 1000],
])('a poll interval of %d is one of %d', async (pollIntervalMs, ms) => {
  const { tasks, clock, sent } = tasksOf([{ ...WORKING, pollIntervalMs }, DONE]);
  const result = tasks.wait('t');
  await settled();
  clock.advance(ms - 1);
  await settled();
  expect(sent).toHaveLength(1);
  clock.advance(1);
  await result;
});
