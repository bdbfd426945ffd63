import { isJsonObject, META, MODERN_VERSION } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { deferred } from '../support/fake-clock.ts';
import { errors, hears, results, says, sends, sendsMeta, status } from './fakes.ts';
import { modern, post, read } from './messages.ts';
import { rulesOf } from './rule.ts';
import { json } from './upstream.ts';

const DONE = { resultType: 'complete', content: [] };
const CALL = { name: 'echo', arguments: {} };

/** Rules of the base protocol of 2026-07-28, toward callers. */
export const MODERN_BASE_RULES = rulesOf('2026-07-28', 'basic/index', [
  {
    section: 'Messages',
    rule: 'every message is one of JSON-RPC 2.0',
    async check(subject) {
      for (const method of ['server/discover', 'tools/list', 'nonsense/method'])
        expect((await subject.call(method)).message.jsonrpc).toBe('2.0');
    },
    fake: says(({ jsonrpc: _, ...rest }) => rest),
  },
  {
    section: 'Requests',
    rule: 'a request whose id is null is refused',
    async check(subject) {
      const { error, status: got } = await subject.call('tools/list', {}, { id: null });
      expect([got, error.code]).toEqual([400, -32600]);
    },
    fake: status(200),
  },
  {
    section: 'Requests',
    rule: 'requests that an upstream has not answered have different ids, though callers chose the same one',
    async check(subject) {
      await subject.call('tools/list');
      const ids: unknown[] = [];
      const both = deferred();
      subject.upstream.answers.set('tools/call', async ({ message }) => {
        if (ids.push(message.id) === 2) both.resolve();
        await both.promise;
        return DONE;
      });
      await Promise.all([1, 1].map((id) => subject.call('tools/call', CALL, { id })));
      expect(new Set(ids).size).toBe(2);
    },
    fake: sends((message) => (message.method === 'tools/call' ? { ...message, id: 1 } : message)),
  },
  {
    section: 'Result Responses',
    rule: 'a response has the id of its request, whatever its type',
    async check(subject) {
      for (const id of ['a', '7', 7, 0]) {
        expect((await subject.call('tools/call', CALL, { id })).message.id).toBe(id);
        expect((await subject.call('nonsense/method', {}, { id })).message.id).toBe(id);
      }
    },
    fake: says((message) => ({ ...message, id: String(message.id) })),
  },
  {
    section: 'Result Responses',
    rule: 'a result says its type, of a legacy upstream, too',
    upstream: 'legacy',
    async check(subject) {
      for (const [method, params] of [
        ['tools/call', CALL],
        ['tools/list', {}],
        ['server/discover', {}],
        ['prompts/get', { name: 'greet' }],
      ] as const)
        expect((await subject.call(method, params)).result.resultType).toBe('complete');
    },
    fake: results(({ resultType: _, ...rest }) => rest),
  },
  {
    section: 'ResultType',
    rule: 'a result of a type that nobody announced is invalid: no list is read from it',
    async check(subject) {
      subject.upstream.answers.set('tools/list', () => ({ resultType: 'com.example/odd', tools: [] }));
      const { error } = await subject.call('tools/list');
      expect(error.message).toContain('No upstream answers');
    },
    fake: hears((message) =>
      isJsonObject(message.result) ? { ...message, result: { ...message.result, resultType: 'complete' } } : message,
    ),
  },
  {
    section: 'Error Responses',
    rule: 'an error has an integer code and a message, even if that of the upstream has not',
    async check(subject) {
      for (const error of [{ code: 1.5, message: 'x' }, { code: 'E', message: 'x' }, { code: -32000 }]) {
        subject.upstream.answers.set('tools/call', ({ message }) => json(message, { error }));
        const got = (await subject.call('tools/call', CALL)).error;
        expect([Number.isInteger(got.code), typeof got.message]).toEqual([true, 'string']);
      }
    },
    fake: errors(() => ({ code: 1.5, message: 'x' })),
  },
  {
    section: 'Error Codes',
    rule: 'no code of earlier revisions: -32002 of a legacy upstream is -32602',
    upstream: 'legacy',
    async check(subject) {
      subject.upstream.answers.set('resources/read', ({ message }) =>
        json(message, { error: { code: -32002, message: 'no' } }),
      );
      expect((await subject.call('resources/read', { uri: 'up://one' })).error.code).toBe(-32602);
    },
    fake: errors((error) => ({ ...error, code: -32002 })),
  },
  {
    section: 'Error Codes',
    rule: 'no code of earlier revisions: -32042 of a legacy upstream is -32021 for who opens no pages',
    upstream: 'legacy',
    async check(subject) {
      const elicitations = [{ mode: 'url', elicitationId: 'e', url: 'https://example.com/', message: 'm' }];
      const error = { code: -32042, message: 'first this page', data: { elicitations } };
      subject.upstream.answers.set('tools/call', ({ message }) => json(message, { error }));
      const got = await subject.call('tools/call', CALL);
      expect([got.status, got.error.code]).toEqual([400, -32021]);
    },
    fake: errors((error) => ({ ...error, code: -32042 })),
  },
  {
    section: 'Error Codes',
    rule: 'codes that the specification keeps for itself are used as it defines them only',
    async check(subject) {
      const defined = [-32020, -32021, -32022];
      for (const [method, params, options] of [
        ['nonsense/method', {}, {}],
        ['tools/call', { name: 'nowhere' }, {}],
        ['tools/list', { cursor: 'nonsense' }, {}],
        ['tools/list', {}, { meta: { [META.protocolVersion]: undefined } }],
      ] as const) {
        const code = Number((await subject.call(method, params, options)).error.code);
        expect(code).toBeLessThan(0);
        expect(code >= -32099 && code <= -32020 && !defined.includes(code)).toBe(false);
      }
    },
    fake: errors((error) => ({ ...error, code: -32050 })),
  },
  {
    section: 'Notifications',
    rule: 'a notification is not answered',
    async check(subject) {
      const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
      const headers = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': 'notifications/cancelled' };
      const { status: got, text } = await read(await subject.send(post(notification, headers)));
      expect([got, text]).toEqual([202, '']);
    },
    fake: { toCallers: () => () => Promise.resolve(new Response('{"jsonrpc":"2.0","result":{}}', { status: 200 })) },
  },
  {
    section: 'Statelessness',
    also: [
      '2026-07-28 client/elicitation, Capabilities',
      '2026-07-28 client/roots, Capabilities',
      '2026-07-28 client/sampling, Capabilities',
    ],
    rule: 'nothing of a request is taken from another: each upstream request has the capabilities of its caller',
    async check(subject) {
      const all = [{ sampling: {} }, {}, { elicitation: {} }, { roots: {} }];
      for (const capabilities of all)
        await subject.call('tools/call', CALL, { meta: { [META.clientCapabilities]: capabilities } });
      const seen = subject.upstream.of('tools/call').map(({ meta }) => meta[META.clientCapabilities]);
      expect(seen).toEqual(all);
    },
    fake: sendsMeta((meta) => ({ ...meta, [META.clientCapabilities]: { sampling: {} } })),
  },
  {
    section: '_meta',
    rule: 'a request without protocol version or client capabilities is refused with -32602 and 400',
    async check(subject) {
      for (const key of [META.protocolVersion, META.clientCapabilities]) {
        const { status: got, error } = await subject.call('tools/list', {}, { meta: { [key]: undefined } });
        expect([got, error.code]).toEqual([400, -32602]);
      }
    },
    fake: errors((error) => ({ ...error, code: -32600 })),
  },
  {
    section: '_meta',
    rule: 'what needs a capability that the caller lacks is refused with -32021, 400 and the list of what it needs',
    async check(subject) {
      const error = { code: -32021, message: 'needs it', data: { requiredCapabilities: { elicitation: {} } } };
      subject.upstream.answers.set('tools/call', ({ message }) => json(message, { error }, 400));
      const got = await subject.call('tools/call', CALL);
      expect([got.status, got.error]).toEqual([400, error]);
    },
    fake: status(200),
  },
  {
    section: '_meta',
    rule: 'values under reserved keys are not guessed at: unknown keys of the caller reach the upstream untouched',
    async check(subject) {
      await subject.call('tools/call', CALL, { meta: { 'com.example/own': { a: [1] }, traceparent: '00-a-b-01' } });
      const [received] = subject.upstream.of('tools/call');
      expect(received?.meta).toMatchObject({ 'com.example/own': { a: [1] }, traceparent: '00-a-b-01' });
    },
    fake: sendsMeta(({ 'com.example/own': _, ...meta }) => meta),
  },
]);

/** Rules of versions and capabilities of 2026-07-28. */
export const MODERN_VERSION_RULES = rulesOf('2026-07-28', 'basic/versioning', [
  {
    section: 'Protocol Version Negotiation',
    rule: 'an unknown version is refused with -32022, 400 and the versions that are spoken',
    async check(subject) {
      const meta = { [META.protocolVersion]: '1900-01-01' };
      const got = await subject.call('tools/list', {}, { meta, headers: { 'mcp-protocol-version': '1900-01-01' } });
      expect([got.status, got.error.code]).toEqual([400, -32022]);
      expect(got.error.data).toMatchObject({ supported: expect.arrayContaining([MODERN_VERSION]) as unknown });
    },
    fake: errors(({ data: _, ...error }) => error),
  },
  {
    section: 'Protocol Version Negotiation',
    also: ['2026-07-28 server/discover, (top)'],
    rule: 'server/discover is answered',
    async check(subject) {
      const { result } = await subject.call('server/discover');
      expect(result).toMatchObject({ supportedVersions: expect.arrayContaining([MODERN_VERSION]) as unknown });
    },
    fake: says(({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } })),
  },
  {
    section: 'Protocol Version Negotiation',
    also: [
      '2026-07-28 server/prompts, (top)',
      '2026-07-28 server/resources, (top)',
      '2026-07-28 server/tools, (top)',
      '2026-07-28 server/utilities/completion, (top)',
      '2026-07-28 server/utilities/pagination, (top)',
    ],
    rule: 'every request to an upstream says the version in which it is spoken to, and what its caller can',
    async check(subject) {
      await subject.call('tools/call', CALL);
      const ref = { type: 'ref/prompt', name: 'greet' };
      await subject.call('completion/complete', { ref, argument: { name: 'a', value: '' } });
      const requests = subject.upstream.received.filter(({ message }) => message.id !== undefined);
      expect(requests.map(({ message }) => message.method)).toContain('completion/complete');
      for (const { meta } of requests)
        expect(meta).toMatchObject({ [META.protocolVersion]: MODERN_VERSION, [META.clientCapabilities]: {} });
    },
    fake: sendsMeta(({ [META.protocolVersion]: _, ...meta }) => meta),
  },
  {
    section: 'Extension Negotiation',
    rule: 'an extension that the other side does not know is not used: methods of nobody are refused',
    async check(subject) {
      const got = await read(await subject.send(modern('com.example/approve')));
      expect([got.status, got.error.code]).toEqual([404, -32601]);
      expect(subject.upstream.of('com.example/approve')).toEqual([]);
    },
    fake: status(200),
  },
  {
    section: 'Protocol Version Negotiation',
    also: ['2025-11-25 basic/lifecycle, Operation'],
    rule: 'a legacy upstream is opened with initialize, and never with modern requests thereafter',
    upstream: 'legacy',
    async check(subject) {
      await subject.call('tools/call', CALL);
      const methods = subject.upstream.received.map(({ message }) => message.method);
      expect(methods.indexOf('initialize')).toBeGreaterThanOrEqual(0);
      const after = subject.upstream.received.slice(methods.indexOf('initialize') + 1);
      for (const { meta } of after) expect(meta).not.toHaveProperty([META.protocolVersion]);
    },
    fake: sends((message) => ({
      ...message,
      params: { ...(message.params as object), _meta: { [META.protocolVersion]: MODERN_VERSION } },
    })),
  },
]);
