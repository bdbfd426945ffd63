import { META, MODERN_VERSION } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { answersWith, clings, errors, ignores, says, sends, sendsWith, status } from './fakes.ts';
import { modern, post, read } from './messages.ts';
import { rulesOf, type RuleOf } from './rule.ts';
import { events, json } from './upstream.ts';

const CALL = { name: 'echo', arguments: {} };
const QUERY = { name: 'query', arguments: { region: 'eu', limit: 42 } };
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

const right: Readonly<Record<string, (message: { method?: unknown; params?: unknown }) => string | null>> = {
  'mcp-protocol-version': () => MODERN_VERSION,
  'mcp-method': ({ method }) => String(method),
  'mcp-name': ({ params }) => String((params as { name: unknown }).name),
};

/** Rules of Streamable HTTP of 2026-07-28, toward callers. */
export const MODERN_HTTP_RULES = rulesOf('2026-07-28', 'basic/transports/streamable-http', [
  {
    section: 'Security & Endpoint',
    rule: 'a foreign Origin is refused with 403',
    async check(subject) {
      const { status: got } = await subject.call('tools/list', {}, { headers: { origin: 'https://evil.example' } });
      expect(got).toBe(403);
    },
    fake: ignores('origin', () => null),
  },
  {
    section: 'Sending Messages',
    rule: 'a notification that is taken is answered with 202 and no body, one that is not with an error status',
    async check(subject) {
      const headers = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': 'notifications/cancelled' };
      const taken = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
      const good = await read(await subject.send(post(taken, headers)));
      expect([good.status, good.text]).toEqual([202, '']);
      const bad = await read(await subject.send(post({ jsonrpc: '1.0', method: 'notifications/x' }, headers)));
      expect(bad.status).toBeGreaterThanOrEqual(400);
    },
    fake: status(202),
  },
  {
    section: 'Sending Messages',
    also: ['2026-07-28 basic/transports/streamable-http, (top)'],
    rule: 'a request is answered with JSON or an event stream',
    async check(subject) {
      const token = { progressToken: 't' };
      for (const got of [await subject.call('tools/list'), await subject.call('tools/call', CALL, { meta: token })])
        expect(got.headers.get('content-type')).toMatch(/^(application\/json|text\/event-stream)/);
    },
    fake: answersWith({ 'content-type': 'text/html' }),
  },
  {
    section: 'Sending Messages',
    rule: 'a body is one message: a batch is refused',
    async check(subject) {
      const one = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
      const got = await read(
        await subject.send(post([one], { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': 'tools/list' })),
      );
      expect(got.status).toBe(400);
    },
    fake: status(200),
  },
  {
    section: 'Receiving Messages',
    also: ['2026-07-28 basic/patterns/index, (top)', '2026-07-28 basic/patterns/mrtr, (top)'],
    rule: 'what comes before a result is a notification of its call, never a request',
    upstream: 'legacy',
    async check(subject) {
      const asks = { id: 'q', method: 'roots/list', params: {} };
      const result = { content: [] };
      subject.upstream.answers.set('tools/call', ({ message }) =>
        events(asks, { method: 'notifications/tools/list_changed' }, { id: message.id, result }),
      );
      const { notifications } = await subject.call('tools/call', CALL);
      expect(notifications).toEqual([]);
    },
    fake: says((message) => [{ jsonrpc: '2.0', id: 'q', method: 'roots/list' }, message]),
  },
  {
    section: 'Cancellation',
    also: ['2026-07-28 basic/patterns/cancellation, Transport-Specific Cancellation'],
    rule: 'who closes the response cancels the request',
    async check(subject) {
      await subject.call('tools/list');
      const stop = new AbortController();
      const reached = subject.upstream.hang();
      const call = subject.send(modern('tools/call', CALL, { signal: stop.signal }));
      const upstream = await reached;
      stop.abort();
      void call.catch(() => undefined);
      await expect.poll(() => upstream.aborted, { timeout: 500 }).toBe(true);
    },
    fake: clings('toCallers'),
  },
  ...(['mcp-protocol-version', 'mcp-method', 'mcp-name'] as const).map(
    (name): RuleOf<'2026-07-28', 'basic/transports/streamable-http'> => ({
      section: 'Server Validation',
      rule: `a request whose ${name} is missing or differs from its body is refused with -32020 and 400`,
      async check(subject) {
        for (const value of [null, name === 'mcp-protocol-version' ? '2025-11-25' : 'other']) {
          const got = await subject.call('tools/call', CALL, { headers: { [name]: value } });
          expect([got.status, got.error.code]).toEqual([400, -32020]);
        }
      },
      fake: ignores(name, right[name]!),
    }),
  ),
  {
    section: 'Server Validation',
    rule: 'a refusal for headers says so in JSON-RPC',
    async check(subject) {
      const got = await subject.call('tools/call', CALL, { headers: { 'mcp-name': 'other' } });
      expect([got.status, got.error.code, got.message.id]).toEqual([400, -32020, 1]);
    },
    fake: errors((error) => ({ ...error, code: -32600 })),
  },
  {
    section: 'Case Sensitivity',
    rule: 'values of headers are case-sensitive',
    async check(subject) {
      const got = await subject.call('tools/call', CALL, { headers: { 'mcp-method': 'Tools/Call' } });
      expect(got.status).toBe(400);
    },
    fake: ignores('mcp-method', right['mcp-method']!),
  },
  {
    section: 'Protocol Version Header',
    rule: 'an unknown method is answered with 404 and -32601',
    async check(subject) {
      const got = await subject.call('nonsense/method');
      expect([got.status, got.error.code]).toEqual([404, -32601]);
    },
    fake: status(400),
  },
  {
    section: 'Value Encoding',
    rule: 'an encoded name is decoded before it is compared',
    async check(subject) {
      const got = await subject.call('tools/call', CALL, { headers: { 'mcp-name': base64('echo') } });
      expect(got.status).toBe(200);
      const wrong = await subject.call('tools/call', CALL, { headers: { 'mcp-name': base64('other') } });
      expect(wrong.error.code).toBe(-32020);
    },
    fake: ignores('mcp-name', () => base64('other')),
  },
  {
    section: 'Value Encoding',
    rule: 'the markers of an encoded value are lower-case: others are no markers',
    async check(subject) {
      const name = base64('echo').replace('base64', 'BASE64');
      expect((await subject.call('tools/call', CALL, { headers: { 'mcp-name': name } })).error.code).toBe(-32020);
    },
    fake: ignores('mcp-name', right['mcp-name']!),
  },
  {
    section: 'Server Behavior for Custom Headers',
    rule: 'a mirrored argument that differs from the body, or is not sent, is refused with -32020 and 400',
    async check(subject) {
      await subject.call('tools/list');
      const good = { 'mcp-param-region': 'eu', 'mcp-param-limit': '42' };
      for (const wrong of [{ 'mcp-param-region': 'us' }, { 'mcp-param-limit': '43' }, { 'mcp-param-region': null }]) {
        const got = await subject.call('tools/call', QUERY, { headers: { ...good, ...wrong } });
        expect([got.status, got.error.code]).toEqual([400, -32020]);
      }
      expect((await subject.call('tools/call', QUERY, { headers: good })).status).toBe(200);
    },
    fake: ignores('mcp-param-region', () => 'eu'),
  },
  {
    section: 'Server Behavior for Custom Headers',
    rule: 'a header of an argument that nobody declared is passed on',
    async check(subject) {
      await subject.call('tools/call', CALL, { headers: { 'mcp-param-tenant': 'acme' } });
      expect(subject.upstream.of('tools/call')[0]?.headers.get('mcp-param-tenant')).toBe('acme');
    },
    fake: sendsWith({ 'mcp-param-tenant': null }),
  },
]);

/** Rules of Streamable HTTP of 2026-07-28, toward upstreams. */
export const MODERN_HTTP_CLIENT_RULES = rulesOf('2026-07-28', 'basic/transports/streamable-http', [
  {
    section: 'Sending Messages',
    also: ['2026-07-28 basic/transports/index, Messages'],
    rule: 'every message to an upstream is a POST of its own, and takes JSON and event streams',
    async check(subject) {
      await subject.call('tools/call', CALL);
      for (const { http, headers, message } of subject.upstream.received) {
        expect([http, Array.isArray(message)]).toEqual(['POST', false]);
        expect(headers.get('accept')).toContain('application/json');
        expect(headers.get('accept')).toContain('text/event-stream');
      }
    },
    fake: sendsWith({ accept: 'application/json' }),
  },
  {
    section: 'Sending Messages',
    rule: 'both kinds of responses of an upstream are understood',
    async check(subject) {
      const result = { resultType: 'complete', content: [{ type: 'text', text: 'streamed' }] };
      subject.upstream.answers.set('tools/call', ({ message }) => events({ id: message.id, result }));
      expect((await subject.call('tools/call', CALL)).result).toMatchObject(result);
      subject.upstream.answers.set('tools/call', ({ message }) => json(message, { result }));
      expect((await subject.call('tools/call', CALL)).result).toMatchObject(result);
    },
    fake: {
      toUpstreams: (next) => async (request) => {
        const response = await next(request);
        const isStream = response.headers.get('content-type') === 'text/event-stream';
        return isStream ? new Response('{}', { status: 500 }) : response;
      },
    },
  },
  {
    section: 'Sending Messages',
    rule: 'no response is sent to a modern upstream, whatever it asks',
    async check(subject) {
      const result = { resultType: 'complete', content: [] };
      subject.upstream.answers.set('tools/call', ({ message }) =>
        events({ id: 9, method: 'ping' }, { id: message.id, result }),
      );
      await subject.call('tools/call', CALL);
      await subject.call('tools/list');
      for (const { message } of subject.upstream.received) expect(message).toHaveProperty('method');
    },
    fake: sends(({ method: _, ...message }) => ({ ...message, result: {} })),
  },
  ...(['mcp-protocol-version', 'mcp-method'] as const).map(
    (name): RuleOf<'2026-07-28', 'basic/transports/streamable-http'> => ({
      section: 'Sending Messages',
      rule: `every request to an upstream has ${name}, as in its body`,
      async check(subject) {
        await subject.call('tools/call', CALL);
        for (const { headers, message, meta } of subject.upstream.received)
          expect(headers.get(name)).toBe(name === 'mcp-method' ? message.method : meta[META.protocolVersion]);
      },
      fake: sendsWith({ [name]: 'other' }),
    }),
  ),
  {
    section: 'Standard Request Headers',
    rule: 'requests for a tool, prompt or resource have mcp-name, encoded where it is not plain',
    async check(subject) {
      const exotic = 'up://ünï';
      const resources = [{ uri: exotic, name: 'x' }];
      subject.upstream.answers.set('resources/list', () => ({ resultType: 'complete', ttlMs: 0, resources }));
      await subject.call('tools/call', CALL);
      await subject.call('prompts/get', { name: 'greet' });
      await subject.call('resources/read', { uri: exotic }, { headers: { 'mcp-name': base64(exotic) } });
      const names = ['tools/call', 'prompts/get', 'resources/read'].map((method) =>
        subject.upstream.of(method)[0]?.headers.get('mcp-name'),
      );
      expect(names).toEqual(['echo', 'greet', base64(exotic)]);
    },
    fake: sendsWith({ 'mcp-name': 'echo' }),
  },
  {
    section: 'Custom Headers from Tool Parameters',
    also: ['2026-07-28 basic/transports/streamable-http, Client Behavior'],
    rule: 'declared arguments are mirrored for the upstream, by their type, encoded where they are not plain; absent ones are not',
    async check(subject) {
      await subject.call('tools/list');
      const mirrored = async (args: object): Promise<(string | null | undefined)[]> => {
        const legacy = await subject.openSession();
        await legacy.call('tools/call', { name: 'query', arguments: args });
        const headers = subject.upstream.of('tools/call').at(-1)?.headers;
        return ['mcp-param-region', 'mcp-param-limit'].map((name) => headers?.get(name));
      };
      expect(await mirrored({ region: 'eu', limit: 42 })).toEqual(['eu', '42']);
      expect(await mirrored({ region: 'é', limit: null })).toEqual([base64('é'), null]);
      expect(await mirrored({ region: '=?base64?x?=' })).toEqual([base64('=?base64?x?='), null]);
    },
    fake: sendsWith({ 'mcp-param-region': 'eu' }, 'tools/call'),
  },
  {
    section: 'Schema Extension',
    also: ['2026-07-28 server/tools, x-mcp-header'],
    rule: 'a tool whose declared headers are not allowed is left out of the list',
    async check(subject) {
      const { result } = await subject.call('tools/list');
      const names = (result.tools as { name: string }[]).map(({ name }) => name);
      expect(names).toEqual(['echo', 'query', 'spaced out']);
    },
    fake: says((message) => ({ ...message, result: { ...(message.result as object), tools: [{ name: 'broken' }] } })),
  },
  {
    section: 'Cancellation',
    also: ['2026-07-28 basic/patterns/cancellation, Behavior Requirements'],
    rule: 'a call that is given up at an upstream is given up by closing its response',
    async check(subject) {
      await subject.call('tools/list');
      const stop = new AbortController();
      const reached = subject.upstream.hang();
      void subject.send(modern('tools/call', CALL, { signal: stop.signal })).catch(() => undefined);
      const upstream = await reached;
      stop.abort();
      await expect.poll(() => upstream.aborted, { timeout: 500 }).toBe(true);
      expect(subject.upstream.of('notifications/cancelled')).toEqual([]);
    },
    fake: clings('toUpstreams'),
  },
]);
