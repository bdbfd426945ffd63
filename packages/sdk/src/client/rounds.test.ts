import { expect, it } from 'vitest';
import { createCall, type Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { answerAll, answerLegacy, answerQuestions, capabilitiesOf, type Answerers } from './rounds.ts';

const never = new AbortController().signal;
const ask = (inputRequests: JsonObject, requestState?: string): JsonObject => ({
  resultType: 'input_required',
  inputRequests,
  ...(requestState === undefined ? {} : { requestState }),
});
const form = { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: { properties: {} } } };

const streamed = (results: JsonObject[]): Reply =>
  streamReply(
    (async function* (): AsyncGenerator<Message> {
      yield { kind: 'notification', method: 'notifications/progress', params: Payload.of({ progress: 1 }) };
      for (const result of results) yield { kind: 'result', result: Payload.of(result) };
    })(),
    () => undefined,
  );

/** A server that gives the results one after the other, the last again and again. */
function serverOf(results: JsonObject[], isStream: boolean, answerers: Answerers) {
  const calls: Call[] = [];
  const handler = answerQuestions(answerers)((call) => {
    calls.push(call);
    const result = results[Math.min(calls.length, results.length) - 1] ?? {};
    return Promise.resolve(isStream ? streamed([result]) : resultReply(Payload.of(result)));
  });
  return { handler, calls };
}

it.each([false, true])('answers round after round with the newest state; streamed: %s', async (isStream) => {
  const results = [ask({ a: form }, 's1'), ask({ b: form }), { resultType: 'complete', n: 1 }];
  const { handler, calls } = serverOf(results, isStream, { elicit: () => ({ action: 'accept', content: { x: 1 } }) });
  const reply = await handler(createCall('tools/call', { name: 't' }));
  expect(await reply.result()).toMatchObject({ n: 1 });
  const answer = { action: 'accept', content: { x: 1 } };
  expect(calls.map(({ round }) => round)).toEqual([0, 1, 2]);
  expect(calls[1]?.params.value).toMatchObject({ name: 't', requestState: 's1', inputResponses: { a: answer } });
  expect(calls[2]?.params.value).toMatchObject({ name: 't', inputResponses: { b: answer } });
  expect(calls[2]?.params.value).not.toHaveProperty('requestState');
});

it.each([false, true])('gives up a server that never stops asking; streamed: %s', async (isStream) => {
  const { handler, calls } = serverOf([ask({ a: form })], isStream, { elicit: () => ({ action: 'decline' }) });
  const result = handler(createCall('tools/call', { name: 't' })).then((reply) => reply.result());
  await expect(result).rejects.toThrow(/more than 32 rounds, at last .*"Who\?"/);
  expect(calls).toHaveLength(33);
});

it.each([undefined, { action: 'yes' }, 'accept'])('an answer that is none is said to be: %o', async (answer) => {
  // What only a caller without types can do.
  const { handler } = serverOf([ask({ a: form })], false, { elicit: () => answer as never });
  await expect(handler(createCall('tools/call', { name: 't' }))).rejects.toMatchObject({
    code: 'invalid_options',
    message: expect.stringContaining('accept, decline, cancel') as string,
  });
});

it('a mode that was not declared is not asked', async () => {
  const asked: unknown[] = [];
  const page = { method: 'elicitation/create', params: { mode: 'url', url: 'https://x.example', message: 'Go' } };
  const elicit = (request: unknown) => (asked.push(request), { action: 'accept' as const });
  const { handler } = serverOf([ask({ a: page })], false, { elicit, modes: ['form'] });
  await expect(handler(createCall('tools/call', { name: 't' }))).rejects.toMatchObject({
    code: 'missing_client_capability',
  });
  expect(asked).toEqual([]);
});

it('a state without questions is sent back', async () => {
  const results = [{ resultType: 'input_required', requestState: 's' }, { resultType: 'complete' }];
  const { handler, calls } = serverOf(results, false, {});
  await handler(createCall('tools/call', { name: 't' }));
  expect(calls[1]?.params.value.requestState).toBe('s');
  expect(calls[1]?.params.value).not.toHaveProperty('inputResponses');
});

it('defaults of a form fill what the user left out of what was accepted', async () => {
  const properties = { name: { type: 'string', default: 'Ada' }, age: { type: 'number', default: 1 }, x: {} };
  const request = { it: { method: 'elicitation/create', params: { message: '', requestedSchema: { properties } } } };
  const accepted = await answerAll(request, { elicit: () => ({ action: 'accept', content: { age: 2 } }) }, never);
  expect(accepted.it).toEqual({ action: 'accept', content: { name: 'Ada', age: 2 } });
  const declined = await answerAll(request, { elicit: () => ({ action: 'decline' }) }, never);
  expect(declined.it).toEqual({ action: 'decline' });
});

it.each(['elicitation/create', 'sampling/createMessage', 'roots/list', 'unknown', undefined])(
  'a question by %s that nobody answers fails the call',
  async (method) => {
    await expect(answerAll({ it: { method } }, {}, never)).rejects.toMatchObject({ code: 'missing_client_capability' });
  },
);

it('declares what is answered', () => {
  expect(capabilitiesOf({})).toEqual({});
  const all: Answerers = {
    elicit: () => ({ action: 'cancel' }),
    sample: () => ({ model: 'm', role: 'assistant', content: { type: 'text', text: '' } }),
    roots: () => [],
  };
  expect(capabilitiesOf(all)).toEqual({
    elicitation: { form: {}, url: {} },
    sampling: { tools: {} },
    roots: {},
  });
  expect(capabilitiesOf({ ...all, modes: ['url'] }).elicitation).toEqual({ url: {} });
});

it('stops asking once the call is given up', async () => {
  const controller = new AbortController();
  const elicit = () => {
    controller.abort();
    return { action: 'cancel' as const };
  };
  const { handler, calls } = serverOf([ask({ a: form })], false, { elicit });
  await expect(handler(createCall('tools/call', { name: 't' }, { signal: controller.signal }))).rejects.toThrow();
  expect(calls).toHaveLength(1);
});

it.each<[string, Answerers, JsonObject, number]>([
  ['roots', {}, { method: 'roots/list' }, -32601],
  ['sampling', {}, { method: 'sampling/createMessage' }, -32601],
  ['elicitation', {}, form, -32601],
  [
    'a mode of elicitation',
    { elicit: () => ({ action: 'cancel' }), modes: ['form'] },
    { ...form, params: { mode: 'url' } },
    -32602,
  ],
])('a legacy server that asks for %s, which was not declared, is told so as its era does', async (...row) => {
  const [, answerers, { method, params }, code] = row;
  const asked = { method: String(method), params: (params ?? {}) as JsonObject, signal: never, call: undefined };
  const thrown: unknown = await answerLegacy(answerers)(asked).catch((error: unknown) => error);
  expect(McpError.from(thrown).toRpc()).toMatchObject({ code });
});

it.each(['the call in which it asks', 'its question'])(
  'a legacy server asks nobody after the end of %s',
  async (end) => {
    const [ofCall, ofQuestion] = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    const answer = answerLegacy({ elicit: (_request, signal) => (signals.push(signal), { action: 'cancel' }) });
    const call = createCall('tools/call', {}, { signal: ofCall.signal });
    await answer({ ...form, signal: ofQuestion.signal, call });
    expect(signals[0]?.aborted).toBe(false);
    (end === 'its question' ? ofQuestion : ofCall).abort();
    expect(signals[0]?.aborted).toBe(true);
  },
);
