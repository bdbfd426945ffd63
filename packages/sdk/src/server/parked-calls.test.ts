import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { createCall, type Call } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { systemRandom } from '../core/random.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { ParkedCalls } from './parked-calls.ts';

const CAN = { clientCapabilities: { elicitation: { form: {}, url: {} }, sampling: {} } };
const done = (text: string): Payload<JsonObject> => Payload.of<JsonObject>({ resultType: 'complete', text });

/** A server that asks once before each result. */
function asking(clock = new FakeClock()) {
  const calls = new ParkedCalls(clock, systemRandom);
  const signals: AbortSignal[] = [];
  const server = async (call: Call): Promise<Reply> => {
    signals.push(call.signal);
    const answer = await calls.ask({
      call: undefined,
      method: 'elicitation/create',
      params: { message: '?', elicitationId: 'e', mode: 'url', url: 'x:y' },
    });
    return resultReply(done(String(answer.action)));
  };
  const call = async (params: JsonObject = {}, signal = new AbortController().signal): Promise<JsonObject> =>
    (await calls.answer(createCall('tools/call', { name: 't', ...params }, { ...CAN, signal }), server)).result();
  return { calls, call, clock, signals };
}

test('a call that nobody goes on with is given up in time', async () => {
  const { call, clock, signals } = asking();
  const { requestState, inputRequests } = await call();
  expect(inputRequests).toEqual({
    a0: { method: 'elicitation/create', params: { mode: 'url', message: '?', url: 'x:y' } },
  });
  clock.advance(10 * 60 * 1000);
  expect(signals[0]?.aborted).toBe(true);
  await expect(call({ requestState })).rejects.toThrow('requestState');
  expect(clock.waiting).toBe(0);
});

test('while one call is held, a question of another is put to nobody', async () => {
  const { call } = asking();
  const { requestState } = await call();
  await expect(call()).rejects.toMatchObject({ code: 'method_not_found' });
  expect(await call({ requestState, inputResponses: { a0: { action: 'accept' } } })).toMatchObject({ text: 'accept' });
});

test('a call that is held may ask more meanwhile', async () => {
  const calls = new ParkedCalls(new FakeClock(), systemRandom);
  const ask = (message: string) => calls.ask({ call: undefined, method: 'elicitation/create', params: { message } });
  const later: Promise<JsonObject>[] = [];
  const server = async (): Promise<Reply> => {
    const answers = [await ask('first'), ...(await Promise.all(later))];
    return resultReply(done(answers.map((answer) => String(answer.action)).join()));
  };
  const call = async (params: JsonObject): Promise<JsonObject> =>
    (await calls.answer(createCall('tools/call', { name: 't', ...params }, CAN), server)).result();
  const { requestState } = await call({});
  later.push(ask('second'));
  const more = await call({ requestState, inputResponses: { a0: { action: 'accept' } } });
  expect(Object.keys(more.inputRequests as JsonObject)).toEqual(['a1']);
  const end = { requestState: more.requestState, inputResponses: { a1: { action: 'decline' } } };
  expect(await call(end)).toMatchObject({ text: 'accept,decline' });
});

test('closing gives up what waits', async () => {
  const { calls, call, clock, signals } = asking();
  const { requestState } = await call();
  calls.close();
  expect(signals[0]?.aborted).toBe(true);
  expect(clock.waiting).toBe(0);
  await expect(call({ requestState })).rejects.toThrow('requestState');
});

test('a caller that goes away while the call runs ends it', async () => {
  const calls = new ParkedCalls(new FakeClock(), systemRandom);
  const abort = new AbortController();
  const server = (call: Call): Promise<Reply> =>
    new Promise((_, reject) => {
      call.signal.addEventListener('abort', () => {
        reject(call.signal.reason as Error);
      });
    });
  const waiting = calls.answer(createCall('tools/call', { name: 't' }, { signal: abort.signal }), server);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});

test('a caller that goes away while its retry is looked at ends the call that was held', async () => {
  const { call, clock, signals } = asking();
  const { requestState } = await call();
  const abort = new AbortController();
  const retried = call({ requestState, inputResponses: {} }, abort.signal);
  abort.abort();
  await expect(retried).rejects.toMatchObject({ code: 'cancelled' });
  expect([signals[0]?.aborted, clock.waiting]).toEqual([true, 0]);
});

test('what was told before the question arrives before it, the rest after the answer', async () => {
  const calls = new ParkedCalls(new FakeClock(), systemRandom);
  const note = (progress: number): Message => ({
    kind: 'notification',
    method: 'notifications/progress',
    params: Payload.of<JsonObject>({ progress }),
  });
  const server = (): Promise<Reply> => {
    async function* messages(): AsyncGenerator<Message> {
      yield note(1);
      await calls.ask({ call: undefined, method: 'sampling/createMessage', params: { messages: [] } });
      yield note(2);
      yield { kind: 'result', result: done('end') };
    }
    return Promise.resolve(streamReply(messages(), () => undefined));
  };
  const read = async (params: JsonObject): Promise<{ kinds: string[]; last: JsonObject }> => {
    const kinds: string[] = [];
    let last: JsonObject = {};
    const reply = await calls.answer(createCall('tools/call', { name: 't', ...params }, CAN), server);
    for await (const message of reply.messages()) {
      kinds.push(message.kind);
      if (message.kind === 'result') last = message.result.value;
    }
    return { kinds, last };
  };
  const first = await read({});
  expect(first.kinds).toEqual(['notification', 'result']);
  const { requestState } = first.last;
  const second = await read({ requestState, inputResponses: { a0: { role: 'assistant', content: {} } } });
  expect(second).toEqual({ kinds: ['notification', 'result'], last: { resultType: 'complete', text: 'end' } });
});

test.each([
  ['ping/pong', 'method_not_found'],
  ['roots/list', 'missing_client_capability'],
])('%s cannot be asked', async (method, code) => {
  const calls = new ParkedCalls(new FakeClock(), systemRandom);
  const server = async (): Promise<Reply> =>
    resultReply(Payload.of<JsonObject>(await calls.ask({ call: undefined, method, params: {} })));
  await expect(calls.answer(createCall('tools/call', { name: 't' }, CAN), server)).rejects.toMatchObject({ code });
  await expect(calls.ask({ call: undefined, method: 'roots/list', params: {} })).rejects.toMatchObject({
    code: 'method_not_found',
  });
});
