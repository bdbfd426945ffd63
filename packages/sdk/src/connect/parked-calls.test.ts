import { expect, test } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { createCall, type Call, type CallOptions } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { systemRandom } from '../core/random.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { ParkedCalls } from './parked-calls.ts';

const CAN = { clientCapabilities: { elicitation: { form: {}, url: {} }, sampling: {} } };
const done = (text: string): Payload<JsonObject> => Payload.of<JsonObject>({ resultType: 'complete', text });

/** What a server of these tests says with a question that it waits for. */
const WAITING = { call: undefined, signal: new AbortController().signal };

/** Lets the time in which questions are put together pass at once. */
class PromptClock extends FakeClock {
  override after(ms: number, fn: () => void): () => void {
    if (ms > 20) return super.after(ms, fn);
    const timer = setImmediate(fn);
    return () => {
      clearImmediate(timer);
    };
  }
}

/** A server that answers nothing. */
const endless = ({ signal }: Call): Promise<Reply> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

/** A server that asks once before each result. */
function asking(clock = new PromptClock()) {
  const calls = new ParkedCalls(clock, systemRandom);
  const signals: AbortSignal[] = [];
  const server = async (call: Call): Promise<Reply> => {
    signals.push(call.signal);
    const answer = await calls.ask({
      ...WAITING,
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
  const calls = new ParkedCalls(new PromptClock(), systemRandom);
  const ask = (message: string) => calls.ask({ ...WAITING, method: 'elicitation/create', params: { message } });
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
  const calls = new ParkedCalls(new PromptClock(), systemRandom);
  const abort = new AbortController();
  const waiting = calls.answer(createCall('tools/call', { name: 't' }, { signal: abort.signal }), endless);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});

test('a caller that goes away while its retry is looked at ends the call that was held', async () => {
  const { calls, call, clock, signals } = asking();
  const { requestState } = await call();
  const abort = new AbortController();
  const retried = call({ requestState, inputResponses: {} }, abort.signal);
  abort.abort();
  await expect(retried).rejects.toMatchObject({ code: 'cancelled' });
  expect(signals[0]?.aborted).toBe(true);
  calls.close();
  expect(clock.waiting).toBe(0);
});

test('what was told before the question arrives before it, the rest after the answer', async () => {
  const calls = new ParkedCalls(new PromptClock(), systemRandom);
  const note = (progress: number): Message => ({
    kind: 'notification',
    method: 'notifications/progress',
    params: Payload.of<JsonObject>({ progress, progressToken: 'p' }),
  });
  const server = (): Promise<Reply> => {
    async function* messages(): AsyncGenerator<Message> {
      yield note(1);
      await calls.ask({ ...WAITING, method: 'sampling/createMessage', params: { messages: [] } });
      yield note(2);
      yield { kind: 'result', result: done('end') };
    }
    return Promise.resolve(streamReply(messages(), () => undefined));
  };
  const read = async (params: JsonObject): Promise<{ kinds: string[]; last: JsonObject }> => {
    const kinds: string[] = [];
    let last: JsonObject = {};
    const reply = await calls.answer(
      createCall('tools/call', { name: 't', ...params }, { ...CAN, progressToken: 'p' }),
      server,
    );
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
  const calls = new ParkedCalls(new PromptClock(), systemRandom);
  const server = async (): Promise<Reply> =>
    resultReply(Payload.of<JsonObject>(await calls.ask({ ...WAITING, method, params: {} })));
  await expect(calls.answer(createCall('tools/call', { name: 't' }, CAN), server)).rejects.toMatchObject({ code });
  await expect(calls.ask({ ...WAITING, method: 'roots/list', params: {} })).rejects.toMatchObject({
    code: 'method_not_found',
  });
});

/** A server that asks by `ask`, and its caller. */
function caller(server: (calls: ParkedCalls, call: Call) => Promise<Reply>, clock = new PromptClock()) {
  const calls = new ParkedCalls(clock, systemRandom);
  const send = (params: JsonObject, options = {}): Promise<Reply> =>
    calls.answer(createCall('tools/call', { name: 't', ...params }, { ...CAN, ...options }), (call) =>
      server(calls, call),
    );
  return { send, call: async (params: JsonObject): Promise<JsonObject> => (await send(params)).result() };
}

const form = (message: string) => ({ ...WAITING, method: 'elicitation/create', params: { message } });

/** A call whose questions are gathered, and that is about to be held: whose it is is being looked at. */
async function aboutToBeHeld() {
  const clock = new FakeClock();
  const calls = new ParkedCalls(clock, systemRandom);
  const asked: Promise<unknown>[] = [];
  const server = (call: Call): Promise<Reply> => {
    if (call.target === 'asks') asked.push(calls.ask(form('first')).catch((thrown: unknown) => thrown));
    return endless(call);
  };
  const send = (name: string, signal = new AbortController().signal): Promise<Reply> =>
    calls.answer(createCall('tools/call', { name }, { ...CAN, signal }), server);
  const abort = new AbortController();
  const first = send('asks', abort.signal);
  await settled();
  clock.advance(20);
  // Only what needs no turn of the event loop happens here: the digest is not made yet.
  for (let n = 0; n < 20; n++) await Promise.resolve();
  return { clock, calls, send, first, asked, abort };
}

test('a question that comes while its call is about to be held is put to no other caller', async () => {
  const { calls, send, first } = await aboutToBeHeld();
  void send('other').catch(() => undefined);
  await expect(Promise.race([calls.ask(form('second')), first])).rejects.toMatchObject({ code: 'method_not_found' });
  expect(await (await first).result()).toMatchObject({ resultType: 'input_required' });
});

test('a caller that goes away while its call is about to be held ends it', async () => {
  const { clock, calls, first, asked, abort } = await aboutToBeHeld();
  expect(calls.size).toBe(1);
  abort.abort();
  await expect(first).rejects.toMatchObject({ code: 'cancelled' });
  expect(await asked[0]).toMatchObject({ code: 'cancelled' });
  expect([calls.size, clock.waiting]).toEqual([0, 0]);
});

test('closing gives up what is about to be held', async () => {
  const { clock, calls, first, asked } = await aboutToBeHeld();
  calls.close();
  await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  expect(await asked[0]).toMatchObject({ code: 'unavailable' });
  expect([calls.size, clock.waiting]).toEqual([0, 0]);
});

function as(subject: string): CallOptions {
  return { principal: { subject, scopes: new Set() } };
}

/** Who calls: whoever has the same conversation, or subject, is the same. */
const [ann, bob] = [as('ann'), as('bob')];
const talk: CallOptions = { session: { ended: new AbortController().signal, isResumed: false } };

test.each<{ whose: string; first: CallOptions; second: CallOptions; isAsked: boolean }>([
  { whose: 'another principal', first: ann, second: bob, isAsked: false },
  { whose: 'the same principal', first: ann, second: { ...ann }, isAsked: true },
  { whose: 'the same conversation', first: talk, second: { ...talk }, isAsked: true },
  { whose: 'nobody', first: {}, second: {}, isAsked: false },
])('after a call of $whose was given up, a question may be its', async ({ first, second, isAsked }) => {
  const clock = new PromptClock();
  const calls = new ParkedCalls(clock, systemRandom);
  const abort = new AbortController();
  const call = (options: CallOptions): Promise<Reply> =>
    calls.answer(createCall('tools/call', { name: 't' }, { ...CAN, ...options }), endless);
  const gone = call({ ...first, signal: abort.signal });
  const other = call(second);
  abort.abort();
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' });
  const ask = (): Promise<unknown> => Promise.race([calls.ask(form('whose?')), other.then(() => 'asked')]);
  if (isAsked) expect(await ask()).toBe('asked');
  else await expect(ask()).rejects.toMatchObject({ code: 'method_not_found' });
  clock.advance(60_000);
  expect(await ask()).toBe('asked');
});

test('where all calls are of one caller, a call that was given up keeps no other from being asked', async () => {
  const calls = new ParkedCalls(new PromptClock(), systemRandom, { isOneCaller: true });
  const gone = new AbortController();
  const call = (options: CallOptions): Promise<Reply> =>
    calls.answer(createCall('tools/call', { name: 't' }, { ...CAN, ...options }), endless);
  const first = call({ signal: gone.signal });
  gone.abort();
  await expect(first).rejects.toMatchObject({ code: 'cancelled' });
  const other = call({});
  expect(await Promise.race([calls.ask(form('whose?')), other.then(() => 'asked')])).toBe('asked');
});

test('questions that come together are put together', async () => {
  const { call } = caller(async (calls) => {
    const answers = await Promise.all([calls.ask(form('one')), calls.ask(form('two'))]);
    return resultReply(done(answers.map(({ action }) => String(action)).join()));
  });
  const first = await call({});
  expect(Object.keys(first.inputRequests as JsonObject)).toEqual(['a0', 'a1']);
  const half = await call({ ...first, inputResponses: { a1: { action: 'decline' } } });
  expect(Object.keys(half.inputRequests as JsonObject), 'what is missing is asked again').toEqual(['a0']);
  expect(await call({ ...half, inputResponses: { a0: { action: 'accept' } } })).toMatchObject({
    text: 'accept,decline',
  });
});

test('a question that its server withdraws is put no more', async () => {
  const gone = new AbortController();
  const { call } = caller(async (calls) => {
    const withdrawn = await calls.ask({ ...form('one'), signal: gone.signal }).catch(() => ({ action: 'none' }));
    const kept = await calls.ask(form('two'));
    return resultReply(done(`${String(withdrawn.action)},${String(kept.action)}`));
  });
  const { requestState } = await call({});
  gone.abort();
  const second = await call({ requestState, inputResponses: { a0: { action: 'accept' } } });
  expect(Object.keys(second.inputRequests as JsonObject)).toEqual(['a1']);
  expect(await call({ ...second, inputResponses: { a1: { action: 'cancel' } } })).toMatchObject({
    text: 'none,cancel',
  });
});

test('two retries with one state share one outcome, and no other call has it', async () => {
  let runs = 0;
  const { call } = caller(async (calls) => {
    await calls.ask(form('one'));
    return resultReply(done(`run ${++runs}`));
  });
  const { requestState } = await call({});
  const retry = { requestState, inputResponses: { a0: { action: 'accept' } } };
  const [one, other] = await Promise.all([call(retry), call(retry)]);
  expect([one.text, other.text, (await call(retry)).text]).toEqual(['run 1', 'run 1', 'run 1']);
  await expect(call({ ...retry, name: 'other' })).rejects.toMatchObject({ code: 'invalid_params' });
});

test('outcomes are kept for so many retries only', async () => {
  const clock = new PromptClock();
  const { call } = caller(async (calls) => {
    for (let nth = 0; nth < 1_100; nth++) await calls.ask(form(String(nth)));
    return resultReply(done('end'));
  }, clock);
  let last = await call({});
  const first = last;
  for (let nth = 0; nth < 1_001; nth++)
    last = await call({ requestState: last.requestState, inputResponses: { [`a${nth}`]: { action: 'accept' } } });
  expect(clock.waiting, 'one is held').toBe(1_001);
  await expect(call({ requestState: first.requestState, inputResponses: {} })).rejects.toThrow('requestState');
});

test('progress carries the token of the round at hand', async () => {
  const note = (progress: number, progressToken: string): Message => ({
    kind: 'notification',
    method: 'notifications/progress',
    params: Payload.of<JsonObject>({ progress, progressToken }),
  });
  const { send } = caller((calls, call) => {
    const token = String(call.progressToken);
    async function* messages(): AsyncGenerator<Message> {
      yield note(1, token);
      await calls.ask(form('one'));
      yield note(2, token);
      yield { kind: 'result', result: done('end') };
    }
    return Promise.resolve(streamReply(messages(), () => undefined));
  });
  const read = async (params: JsonObject, progressToken?: string): Promise<{ tokens: unknown[]; last: JsonObject }> => {
    const tokens: unknown[] = [];
    let last: JsonObject = {};
    for await (const message of (await send(params, { progressToken })).messages()) {
      if (message.kind === 'notification') tokens.push(message.params.value.progressToken);
      if (message.kind === 'result') last = message.result.value;
    }
    return { tokens, last };
  };
  const answers = { inputResponses: { a0: { action: 'accept' } } };
  const first = await read({}, 'first');
  const second = await read({ requestState: first.last.requestState, ...answers }, 'second');
  expect([first.tokens, second.tokens]).toEqual([['first'], ['second']]);
  const again = await read({}, 'first');
  expect((await read({ requestState: again.last.requestState, ...answers })).tokens, 'none is asked for').toEqual([]);
});
