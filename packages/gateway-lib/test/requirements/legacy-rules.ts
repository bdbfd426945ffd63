import type { JsonObject } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { answersWith, errors, ignores, results, says, status } from './fakes.ts';
import { get, Messages, post, read } from './messages.ts';
import { rulesOf } from './rule.ts';
import { LegacyCaller } from './subject.ts';
import { events } from './upstream.ts';

const CALL = { name: 'echo', arguments: {} };

/** Rules of 2025-11-25 toward callers. */
export const LEGACY_RULES = [
  ...rulesOf('2025-11-25', 'basic/index', [
    {
      section: 'Messages',
      also: ['2025-11-25 basic/index, Result Responses', '2025-11-25 basic/index, Error Responses'],
      rule: 'responses are of JSON-RPC 2.0, with the id of their request, and an integer code if they are errors',
      async check(subject) {
        const session = await subject.openSession();
        for (const id of ['a', 7, 0]) {
          const good = await read(await session.post({ id, method: 'tools/list' }));
          expect([good.message.jsonrpc, good.message.id]).toEqual(['2.0', id]);
          const bad = await read(await session.post({ id, method: 'nonsense/method' }));
          expect([bad.message.id, Number.isInteger(bad.error.code), typeof bad.error.message]).toEqual([
            id,
            true,
            'string',
          ]);
        }
      },
      fake: says((message) => ({ ...message, id: String(message.id) })),
    },
    {
      section: 'Requests',
      rule: 'a request whose id is null is refused',
      async check(subject) {
        const session = await subject.openSession();
        const got = await read(await session.post({ id: null, method: 'tools/list' }));
        expect([got.status, got.error.code]).toEqual([400, -32600]);
      },
      fake: errors((error) => ({ ...error, code: -32603 })),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/lifecycle', [
    {
      section: 'Initialization',
      rule: 'initialize is answered with capabilities and information',
      async check(subject) {
        const { opened } = await subject.openSession();
        expect(opened.result).toMatchObject({ serverInfo: { name: 'mcp-gateway' }, capabilities: { tools: {} } });
      },
      fake: results(({ capabilities: _, ...result }) => result),
    },
    {
      section: 'Version Negotiation',
      rule: 'a version that is spoken is agreed to, another one is answered with one that is',
      async check(subject) {
        const agreed = async (version: string): Promise<unknown> => {
          const session = new LegacyCaller(subject);
          await session.open({}, version);
          return session.opened.result.protocolVersion;
        };
        for (const version of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])
          expect(await agreed(version)).toBe(version);
        expect(await agreed('1900-01-01')).toBe('2025-11-25');
      },
      fake: results((result) => ({ ...result, protocolVersion: '2025-11-25' })),
    },
    {
      section: 'Operation',
      rule: 'what was not negotiated is not used: who declared no roots is not asked for any',
      async check(subject) {
        const session = await subject.openSession();
        subject.upstream.answers.set('tools/call', ({ message }) =>
          events({ id: 'q', method: 'roots/list' }, { id: message.id, result: { content: [] } }),
        );
        const { notifications } = await session.call('tools/call', CALL);
        expect(notifications).toEqual([]);
      },
      upstream: 'legacy',
      fake: says((message) => [{ jsonrpc: '2.0', id: 'q', method: 'roots/list' }, message]),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/transports', [
    {
      section: 'Security Warning',
      rule: 'a foreign Origin is refused with 403, when a session opens and in it',
      async check(subject) {
        const session = await subject.openSession();
        const origin = { origin: 'https://evil.example' };
        for (const request of [
          post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { ...session.headers, ...origin }),
          get({ ...session.headers, ...origin }),
        ])
          expect((await subject.send(request)).status).toBe(403);
      },
      fake: ignores('origin', () => null),
    },
    {
      section: 'Sending Messages to the Server',
      rule: 'a notification or response that is taken is answered with 202 and no body, one that is not with an error status',
      async check(subject) {
        const session = await subject.openSession();
        for (const message of [{ method: 'notifications/initialized' }, { id: 'q', result: {} }]) {
          const got = await read(await session.post(message));
          expect([got.status < 300 ? got.status : 400, got.text]).toEqual([
            got.status < 300 ? 202 : 400,
            got.status < 300 ? '' : got.text,
          ]);
        }
        expect((await session.post({ jsonrpc: '1.0', method: 'notifications/x' })).status).toBeGreaterThanOrEqual(400);
      },
      fake: status(202),
    },
    {
      section: 'Sending Messages to the Server',
      rule: 'a request is answered with JSON or an event stream',
      async check(subject) {
        const session = await subject.openSession();
        const { headers } = await session.call('tools/call', CALL);
        expect(headers.get('content-type')).toMatch(/^(application\/json|text\/event-stream)/);
      },
      fake: answersWith({ 'content-type': 'text/plain' }),
    },
    {
      section: 'Listening for Messages from the Server',
      also: ['2025-11-25 basic/transports, Streamable HTTP'],
      rule: 'a GET opens an event stream, on which no response comes',
      async check(subject) {
        const session = await subject.openSession();
        const response = await subject.send(get(session.headers));
        expect(response.headers.get('content-type')).toBe('text/event-stream');
        await session.call('tools/call', CALL);
        const messages = new Messages(response);
        subject.upstream.answers.set('tools/list', () => ({ resultType: 'complete', ttlMs: 0, tools: [] }));
        await expect.poll(() => subject.upstream.of('subscriptions/listen').length).toBeGreaterThan(0);
        subject.upstream.tell('notifications/tools/list_changed');
        expect((await messages.next())?.method).toBe('notifications/tools/list_changed');
        await messages.cancel();
      },
      fake: says((message) =>
        message.method === 'notifications/tools/list_changed'
          ? [{ jsonrpc: '2.0', id: 1, result: {} }, message]
          : message,
      ),
    },
    {
      section: 'Multiple Connections',
      rule: 'a message goes out on one stream: what belongs to a call is not on the GET stream',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        const listening = await subject.send(get(session.headers));
        subject.upstream.answers.set('tools/call', ({ message, meta }) =>
          events(
            { method: 'notifications/progress', params: { progressToken: meta.progressToken, progress: 1 } },
            { id: message.id, result: { content: [] } },
          ),
        );
        const { notifications } = await session.call('tools/call', { ...CALL, _meta: { progressToken: 't' } });
        expect(notifications.filter(({ method }) => method === 'notifications/progress')).toHaveLength(1);
        await listening.body?.cancel();
      },
      fake: says((message) => (message.method === 'notifications/progress' ? undefined : message)),
    },
    {
      section: 'Session Management',
      rule: 'a session id has visible ASCII characters only',
      async check(subject) {
        const { opened } = await subject.openSession();
        expect(opened.headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]+$/);
      },
      fake: answersWith({ 'mcp-session-id': 'a b' }),
    },
    {
      section: 'Session Management',
      rule: 'a session that has ended is answered with 404',
      async check(subject) {
        const session = await subject.openSession();
        await subject.send(new Request('http://localhost/mcp', { method: 'DELETE', headers: session.headers }));
        expect((await session.call('tools/list')).status).toBe(404);
      },
      fake: status(400),
    },
    {
      section: 'Protocol Version Header',
      rule: 'an invalid or unknown version in the header is refused with 400',
      async check(subject) {
        const session = await subject.openSession();
        for (const version of ['1900-01-01', 'nonsense'])
          expect((await session.call('tools/list', {}, { 'mcp-protocol-version': version })).status).toBe(400);
      },
      fake: status(200),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/ping', [
    {
      section: 'Behavior Requirements',
      rule: 'a ping is answered at once with an empty result',
      async check(subject) {
        const session = await subject.openSession();
        expect((await session.call('ping')).message.result).toEqual({});
        expect(subject.upstream.of('ping')).toEqual([]);
      },
      fake: results(() => ({ pong: true })),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/progress', [
    {
      section: 'Behavior Requirements',
      rule: 'progress has the token of its request, and nobody is told of any who gave none',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        subject.upstream.answers.set('tools/call', ({ message, meta }) =>
          events(
            { method: 'notifications/progress', params: { progressToken: meta.progressToken ?? 9, progress: 1 } },
            { id: message.id, result: { content: [] } },
          ),
        );
        const tokens = async (meta: JsonObject): Promise<unknown[]> =>
          (await session.call('tools/call', { ...CALL, _meta: meta })).notifications.map(
            ({ params }) => (params as JsonObject).progressToken,
          );
        expect(await tokens({ progressToken: 'mine' })).toEqual(['mine']);
        expect(await tokens({})).toEqual([]);
      },
      fake: says((message) => (message.method ? { ...message, params: { progressToken: 'other' } } : message)),
    },
  ]),
];
