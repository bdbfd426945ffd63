import { META, type JsonObject } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { errors, results, says, sends } from './fakes.ts';
import { Messages, modern, type RequestOptions } from './messages.ts';
import { rulesOf } from './rule.ts';
import type { Subject } from './subject.ts';
import { events } from './upstream.ts';

const CALL = { name: 'echo', arguments: {} };
const DONE = { resultType: 'complete', content: [] };
const QUESTION = {
  method: 'elicitation/create',
  params: { message: 'm', requestedSchema: { type: 'object', properties: {} } },
};
const CAN_ELICIT = { [META.clientCapabilities]: { elicitation: { form: {} } } };

/** Opens a stream of changes of the tools. */
async function listen(subject: Subject, notifications: JsonObject = { toolsListChanged: true }): Promise<Messages> {
  await subject.call('tools/list');
  return new Messages(await subject.send(modern('subscriptions/listen', { notifications }, { id: 'sub' })));
}

/** Has the upstream change its prompts, and then its tools. */
async function change(subject: Subject): Promise<void> {
  await expect.poll(() => subject.upstream.of('subscriptions/listen').length).toBeGreaterThan(0);
  subject.upstream.answers.set('tools/list', () => ({ resultType: 'complete', ttlMs: 0, tools: [{ name: 'new' }] }));
  subject.upstream.tell('notifications/prompts/list_changed');
  subject.upstream.tell('notifications/tools/list_changed');
}

const progressOf = (meta: JsonObject, progress: number): JsonObject => ({
  method: 'notifications/progress',
  params: { progressToken: meta.progressToken ?? 1, progress },
});

/** Calls a tool of an upstream that tells of progress. */
async function progress(
  subject: Subject,
  options: RequestOptions,
  ...values: number[]
): Promise<readonly JsonObject[]> {
  subject.upstream.answers.set('tools/call', ({ message, meta }) =>
    events(...values.map((value) => progressOf(meta, value)), { id: message.id, result: DONE }),
  );
  return (await subject.call('tools/call', CALL, options)).notifications.map(({ params }) => params as JsonObject);
}

const TOKEN = { meta: { progressToken: 'mine' } };

/** Calls a tool of an upstream that logs whether asked or not. */
async function logs(subject: Subject, meta: JsonObject): Promise<readonly JsonObject[]> {
  const log = (level: string): JsonObject => ({ method: 'notifications/message', params: { level, data: level } });
  subject.upstream.answers.set('tools/call', ({ message }) =>
    events(log('debug'), log('error'), { id: message.id, result: DONE }),
  );
  return (await subject.call('tools/call', CALL, { meta })).notifications;
}

const withoutStamp = says((message) => {
  const { _meta: _, ...params } = (message.params ?? {}) as JsonObject;
  return 'params' in message ? { ...message, params } : message;
});

/** A rule of both revisions. */
const NOTHING_AFTER = {
  section: 'Implementation Notes' as const,
  rule: 'nothing is told of a call after its result',
  async check(subject: Subject) {
    subject.upstream.answers.set('tools/call', ({ message, meta }) =>
      events({ id: message.id, result: DONE }, progressOf(meta, 1)),
    );
    const { message } = await subject.call('tools/call', CALL, TOKEN);
    expect(message).toHaveProperty('result');
  },
  fake: says((message) => [message, { jsonrpc: '2.0', method: 'notifications/progress', params: {} }]),
};

/** Rules of progress of 2025-11-25. */
export const LEGACY_PROGRESS_RULES = rulesOf('2025-11-25', 'basic/utilities/progress', [
  { ...NOTHING_AFTER, upstream: 'legacy' },
]);

/** Rules of the message patterns of 2026-07-28. */
export const MODERN_PATTERN_RULES = [
  ...rulesOf('2026-07-28', 'basic/patterns/subscriptions', [
    {
      section: 'Acknowledgment',
      rule: 'what comes first on a stream is the acknowledgment, with the id of the request',
      async check(subject) {
        const messages = await listen(subject);
        const first = await messages.next();
        expect(first?.method).toBe('notifications/subscriptions/acknowledged');
        expect(first?.params).toMatchObject({ _meta: { [META.subscriptionId]: 'sub' } });
        await messages.cancel();
      },
      fake: withoutStamp,
    },
    {
      section: 'Opening a Stream',
      rule: 'nothing is told that was not asked for',
      async check(subject) {
        const messages = await listen(subject);
        await change(subject);
        const told = [await messages.next(), await messages.next()].map((message) => message?.method);
        expect(told).toEqual(['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']);
        await messages.cancel();
      },
      fake: says((message) =>
        String(message.method).endsWith('tools/list_changed')
          ? [{ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' }, message]
          : message,
      ),
    },
    {
      section: 'Receiving Notifications',
      also: ['2026-07-28 basic/index, _meta'],
      rule: 'each notification of a stream has the id of its request',
      async check(subject) {
        const messages = await listen(subject);
        await messages.next();
        await change(subject);
        expect((await messages.next())?.params).toMatchObject({ _meta: { [META.subscriptionId]: 'sub' } });
        await messages.cancel();
      },
      fake: withoutStamp,
    },
  ]),
  ...rulesOf('2026-07-28', 'basic/patterns/progress', [
    NOTHING_AFTER,
    {
      section: 'Behavior Requirements',
      rule: 'progress has the token of its request',
      async check(subject) {
        const told = await progress(subject, TOKEN, 1, 2);
        expect(told.map(({ progressToken }) => progressToken)).toEqual(['mine', 'mine']);
      },
      fake: says((message) => (message.method ? { ...message, params: { progressToken: 1, progress: 1 } } : message)),
    },
    {
      section: 'Behavior Requirements',
      rule: 'who gave no token is told of no progress, whatever the upstream does',
      async check(subject) {
        expect(await progress(subject, {}, 1, 2)).toEqual([]);
      },
      fake: says((message) => [{ jsonrpc: '2.0', method: 'notifications/progress', params: {} }, message]),
    },
    {
      section: 'Progress Flow',
      rule: 'the token of an upstream request is unique among those that run',
      async check(subject) {
        await subject.call('tools/list');
        await Promise.all([progress(subject, TOKEN, 1), progress(subject, TOKEN, 1), progress(subject, TOKEN, 1)]);
        const tokens = subject.upstream.of('tools/call').map(({ meta }) => meta.progressToken);
        expect(new Set(tokens).size).toBe(3);
      },
      fake: sends((message) => ({
        ...message,
        params: { ...(message.params as object), _meta: { progressToken: 'mine' } },
      })),
    },
  ]),
  ...rulesOf('2026-07-28', 'server/utilities/logging', [
    {
      section: 'Per-request log level',
      rule: 'a request that asks for no logs gets none, whatever the upstream does',
      async check(subject) {
        expect(await logs(subject, {})).toEqual([]);
      },
      fake: says((message) => [{ jsonrpc: '2.0', method: 'notifications/message', params: {} }, message]),
    },
    {
      section: 'Per-request log level',
      rule: 'a request that asks for no logs gets none of a legacy upstream either, which logs as it likes',
      upstream: 'legacy',
      async check(subject) {
        expect(await logs(subject, {})).toEqual([]);
      },
      fake: says((message) => [{ jsonrpc: '2.0', method: 'notifications/message', params: {} }, message]),
    },
    {
      section: 'Per-request log level',
      rule: 'a request gets no logs below the level that it asks for',
      upstream: 'legacy',
      async check(subject) {
        const told = await logs(subject, { [META.logLevel]: 'warning' });
        expect(told.map(({ params }) => (params as JsonObject).level)).toEqual(['error']);
      },
      fake: says((message) => (message.method ? { ...message, params: { level: 'debug' } } : message)),
    },
  ]),
  ...rulesOf('2026-07-28', 'basic/patterns/mrtr', [
    {
      section: 'Supported Requests',
      rule: 'only calls of tools, prompts and reads of resources ask',
      async check(subject) {
        subject.upstream.answers.set('completion/complete', () => ({
          resultType: 'input_required',
          requestState: 's',
        }));
        const ref = { type: 'ref/prompt', name: 'greet' };
        const { result } = await subject.call('completion/complete', { ref, argument: { name: 'a', value: '' } });
        expect(result.resultType).not.toBe('input_required');
      },
      fake: says(({ id }) => ({ jsonrpc: '2.0', id, result: { resultType: 'input_required' } })),
    },
    {
      section: 'Server Requirements (Basic Workflow)',
      rule: 'who cannot be asked is not asked, whatever the upstream does',
      async check(subject) {
        subject.upstream.answers.set('tools/call', () => ({
          resultType: 'input_required',
          inputRequests: { q: QUESTION },
        }));
        const { result } = await subject.call('tools/call', CALL);
        expect(result.inputRequests).toBeUndefined();
      },
      fake: says(({ id }) => ({ jsonrpc: '2.0', id, result: { resultType: 'input_required', inputRequests: {} } })),
    },
    {
      section: 'Server Requirements (Basic Workflow)',
      rule: 'a result that asks has questions or a state',
      upstream: 'legacy',
      async check(subject) {
        subject.upstream.answers.set('tools/call', ({ message }) =>
          events({ id: 'q', ...QUESTION }, { id: message.id, result: { content: [] } }),
        );
        const { result } = await subject.call('tools/call', CALL, { meta: CAN_ELICIT });
        if (result.resultType !== 'input_required') return;
        expect(result.inputRequests ?? result.requestState).toBeDefined();
      },
      fake: results(() => ({ resultType: 'input_required' })),
    },
    {
      section: 'Server Requirements (Basic Workflow)',
      also: ['2026-07-28 basic/patterns/mrtr, Security Considerations'],
      rule: 'a state that was tampered with, or belongs to another call, is refused',
      async check(subject) {
        const asks = {
          resultType: 'input_required',
          inputRequests: { q: QUESTION },
          requestState: 'state of the upstream',
        };
        subject.upstream.answers.set('tools/call', ({ params }) => (params.requestState === undefined ? asks : DONE));
        const { result } = await subject.call('tools/call', CALL, { meta: CAN_ELICIT });
        const requestState = String(result.requestState);
        const retry = { inputResponses: { q: { action: 'accept', content: {} } }, requestState };
        for (const wrong of [
          { ...CALL, ...retry, requestState: `${requestState}x` },
          { ...CALL, ...retry, arguments: { other: true } },
        ])
          expect((await subject.call('tools/call', wrong, { id: 2, meta: CAN_ELICIT })).error.code).toBe(-32602);
        expect(
          (await subject.call('tools/call', { ...CALL, ...retry }, { id: 3, meta: CAN_ELICIT })).result,
        ).toMatchObject(DONE);
      },
      fake: errors((error) => ({ ...error, code: -32603 })),
    },
    {
      section: 'Client Requirements (Basic Workflow)',
      also: [
        '2026-07-28 basic/patterns/mrtr, InputRequiredResult',
        '2026-07-28 server/tools, Input Required Tool Results',
      ],
      rule: 'a retry gives the upstream exactly the state that it gave, under another id, and none that it did not give',
      async check(subject) {
        const state = 'ü"\\{}';
        const asks = { resultType: 'input_required', inputRequests: { q: QUESTION } };
        for (const given of [{ ...asks, requestState: state }, asks]) {
          subject.upstream.answers.set('tools/call', ({ params }) => (params.inputResponses ? DONE : given));
          const { result } = await subject.call('tools/call', CALL, { meta: CAN_ELICIT });
          const { requestState } = result;
          const retry = {
            inputResponses: { q: { action: 'decline' } },
            ...(requestState === undefined ? {} : { requestState }),
          };
          await subject.call('tools/call', { ...CALL, ...retry }, { id: 2, meta: CAN_ELICIT });
          await subject.call('tools/call', CALL, { id: 3, meta: CAN_ELICIT });
          const [first, second, third] = subject.upstream.of('tools/call').slice(-3);
          const expected = 'requestState' in given ? state : undefined;
          expect([first, second, third].map((sent) => sent?.params.requestState)).toEqual([
            undefined,
            expected,
            undefined,
          ]);
          expect(first?.message.id).not.toBe(second?.message.id);
        }
      },
      fake: sends((message) => {
        const params = message.params as JsonObject;
        return 'requestState' in params ? { ...message, params: { ...params, requestState: 'other' } } : message;
      }),
    },
  ]),
];
