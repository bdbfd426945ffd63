import { createCall, McpError, type Handler, type Middleware } from '@org/mcp-sdk';
import { expect, test } from 'vitest';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeServer, type FakeServer } from '../fakes/fake-server.ts';
import { createSeededRandom } from '../fakes/seeded-random.ts';
import { createTestCaller } from '../fakes/test-caller.ts';
import { delay } from './delay.ts';
import { drop } from './drop.ts';
import { failAtRandom, failEvery, failFirst, failWith } from './fail.ts';
import { hang } from './hang.ts';
import { onlyWhen } from './only-when.ts';

/** A fake behind a fault: its `calls` are those that the fault let through. */
function behind(fault: Middleware): { server: FakeServer; call: (signal?: AbortSignal) => Promise<unknown> } {
  const server = createFakeServer({ tools: { ping: 'pong' } });
  const caller = createTestCaller(fault(server));
  return { server, call: (signal) => caller.callTool('ping', {}, signal ? { signal } : {}) };
}

/** Which of the next calls succeed. */
async function outcomes(call: () => Promise<unknown>, count: number): Promise<boolean[]> {
  const seen: boolean[] = [];
  for (let index = 0; index < count; index++) seen.push(await call().then(Boolean, () => false));
  return seen;
}

test('failEvery fails each n-th call and counts what it saw and did', async () => {
  const fault = failEvery(3);
  const { server, call } = behind(fault);
  expect(await outcomes(call, 7)).toEqual([true, true, false, true, true, false, true]);
  expect([fault.calls, fault.injected, server.calls.length]).toEqual([7, 2, 5]);
});

test('failFirst fails until the server has recovered', async () => {
  const fault = failFirst(2);
  const { call } = behind(fault);
  expect(await outcomes(call, 4)).toEqual([false, false, true, true]);
  expect(fault.injected).toBe(2);
});

test('failWith fails every call with the code, and none reaches the server', async () => {
  const { server, call } = behind(failWith('overloaded'));
  await expect(call()).rejects.toMatchObject({ rpc: { code: -32603, data: { code: 'overloaded' } } });
  expect(server.calls).toEqual([]);
});

test('failWith throws a given error as it is', async () => {
  const mine = new McpError('forbidden', 'mine');
  const handler = failWith(mine)(() => expect.unreachable());
  await expect(handler({} as Parameters<Handler>[0])).rejects.toBe(mine);
});

test('failAtRandom fails the same calls for the same seed, about as many as asked for', async () => {
  const run = (seed: number) => outcomes(behind(failAtRandom(0.3, createSeededRandom(seed))).call, 200);
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
  const failed = first.filter((worked) => !worked).length;
  expect(failed).toBeGreaterThan(40);
  expect(failed).toBeLessThan(80);
});

test('failAtRandom never fails at 0 and always at 1', async () => {
  expect(await outcomes(behind(failAtRandom(0, createSeededRandom(1))).call, 20)).not.toContain(false);
  expect(await outcomes(behind(failAtRandom(1, createSeededRandom(1))).call, 20)).not.toContain(true);
});

test('delay holds a call for exactly as long as it says', async () => {
  const clock = createFakeClock();
  const { server, call } = behind(delay(100, clock));
  const answer = call();
  clock.advance(99);
  await Promise.resolve();
  expect([clock.waiting, server.calls.length]).toEqual([1, 0]);
  clock.advance(1);
  await answer;
  expect([clock.waiting, server.calls.length]).toEqual([0, 1]);
});

test('a delayed call that is aborted ends at once, leaves no timer and never reaches the server', async () => {
  const clock = createFakeClock();
  const { server, call } = behind(delay(100, clock));
  const controller = new AbortController();
  const answer = call(controller.signal);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ rpc: { data: { code: 'cancelled' } } });
  await expect(call(controller.signal)).rejects.toMatchObject({ rpc: { data: { code: 'cancelled' } } });
  expect(clock.waiting).toBe(0);
  clock.advance(1_000);
  expect(server.calls).toEqual([]);
});

test('delay works with the clock of the machine, too', async () => {
  const { call } = behind(delay(0));
  await expect(call()).resolves.toMatchObject({ result: { content: [{ text: 'pong' }] } });
});

test('hang answers only when the call is aborted, with the reason if that is an McpError', async () => {
  const fault = hang();
  const { server, call } = behind(fault);
  const controller = new AbortController();
  const answer = call(controller.signal);
  controller.abort(new McpError('timeout', 'too slow'));
  await expect(answer).rejects.toMatchObject({ rpc: { message: 'too slow', data: { code: 'timeout' } } });
  await expect(call(controller.signal)).rejects.toThrow('too slow');
  expect([fault.injected, server.calls.length]).toEqual([2, 0]);
});

test('drop lets the server work and loses its answer', async () => {
  const { server, call } = behind(drop());
  await expect(call()).rejects.toMatchObject({ rpc: { data: { code: 'unavailable' } } });
  expect(server.calls).toHaveLength(1);
});

test('drop after notifications passes so many of them and loses the rest', async () => {
  const server = createFakeServer({
    tools: {
      work: (_args, context) => {
        for (const step of [1, 2, 3]) context.progress(step);
        return 'done';
      },
    },
  });
  const kinds = async (afterNotifications: number) => {
    const call = createCall('tools/call', { name: 'work' }, { progressToken: 1 });
    const reply = await drop({ afterNotifications })(server)(call);
    const seen: string[] = [];
    for await (const message of reply.messages()) seen.push(message.kind);
    return [...seen, await reply.done];
  };
  expect(await kinds(2)).toEqual(['notification', 'notification', 'error', 'error']);
  expect(await kinds(9)).toEqual(['notification', 'notification', 'notification', 'error', 'error']);
});

test('a dropped stream that its reader leaves cancels the reply behind it', async () => {
  const server = createFakeServer({ tools: { ping: 'pong' } });
  const open = await server(createCall('subscriptions/listen', {}));
  const reply = await drop({ afterNotifications: 5 })(async () => open)(createCall('subscriptions/listen', {}));
  reply.cancel('enough');
  expect(await open.done).toBe('cancelled');
});

test('onlyWhen narrows a fault; other calls pass it by uncounted', async () => {
  const fault = failEvery(1);
  const server = createFakeServer({ tools: { ping: 'pong', echo: 'echo' } });
  const caller = createTestCaller(onlyWhen((call) => call.target === 'echo', fault)(server));
  await caller.callTool('ping');
  await expect(caller.callTool('echo')).rejects.toThrow('Injected fault');
  expect([fault.calls, fault.injected]).toEqual([1, 1]);
});

test.each([
  ['failEvery(0)', () => failEvery(0)],
  ['failFirst(-1)', () => failFirst(-1)],
  ['failAtRandom(2)', () => failAtRandom(2, createSeededRandom(1))],
  ['delay(-1)', () => delay(-1)],
  ['drop(0.5)', () => drop({ afterNotifications: 0.5 })],
])('%s is refused, with what is allowed', (_name, make) => {
  expect(make).toThrow(/allowed:/);
});
