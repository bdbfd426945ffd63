import { isJsonObject, type JsonObject } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { answersWith, hears, sends, sendsWith } from './fakes.ts';
import { rulesOf, type RuleOf } from './rule.ts';
import { events, json } from './upstream.ts';

const CALL = { name: 'echo', arguments: {} };

/** Rules of 2025-11-25 toward upstreams. */
export const LEGACY_CLIENT_RULES = [
  ...rulesOf('2025-11-25', 'basic/index', [
    {
      section: 'Requests',
      rule: 'no id is used twice in a session, and none is null',
      upstream: 'legacy',
      async check(subject) {
        for (const id of [1, 1, 'a']) await subject.call('tools/call', CALL, { id });
        const bySession = new Map<string | null, unknown[]>();
        for (const { message, headers } of subject.upstream.received) {
          if (message.id === undefined || message.method === 'initialize' || message.method === 'server/discover')
            continue;
          const session = headers.get('mcp-session-id');
          bySession.set(session, [...(bySession.get(session) ?? []), message.id]);
        }
        for (const ids of bySession.values()) {
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids).not.toContain(null);
        }
      },
      fake: sends((message) => (message.method === 'tools/call' ? { ...message, id: 1 } : message)),
    },
    {
      section: 'Notifications',
      rule: 'notifications have no id, and are not answered',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/call', CALL);
        const all = subject.upstream.received.filter(({ message }) =>
          String(message.method).startsWith('notifications/'),
        );
        expect(all.length).toBeGreaterThan(0);
        for (const { message } of all) expect(message).not.toHaveProperty('id');
        subject.upstream.answers.set('tools/call', ({ message }) =>
          events({ method: 'notifications/odd' }, { id: message.id, result: { content: [] } }),
        );
        await subject.call('tools/call', CALL);
        for (const { http, message } of subject.upstream.received)
          if (http === 'POST') expect(message).toHaveProperty('method');
      },
      fake: sends((message) => (message.method === 'notifications/initialized' ? { ...message, id: 'n' } : message)),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/lifecycle', [
    {
      section: 'Initialization',
      rule: 'initialize comes first, then the notification that it is done, then everything else',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/call', CALL);
        const methods = subject.upstream.received
          .map(({ message }) => message.method)
          .filter((method) => method !== 'server/discover');
        expect(methods.slice(0, 2)).toEqual(['initialize', 'notifications/initialized']);
      },
      fake: sends((message) => (message.method === 'notifications/initialized' ? undefined : message)),
    },
    {
      section: 'Initialization',
      also: ['2025-11-25 basic/lifecycle, Version Negotiation'],
      rule: 'initialize says a version, capabilities and who is calling',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/list');
        const [opening] = subject.upstream.of('initialize');
        expect(opening?.params).toMatchObject({
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'mcp-gateway' },
        });
      },
      fake: sends((message) => (message.method === 'initialize' ? { ...message, params: {} } : message)),
    },
    {
      section: 'Version Negotiation',
      rule: 'an upstream that wants a version that is not spoken is spoken to no more',
      upstream: 'legacy',
      async check(subject) {
        const serverInfo = { name: 'up', version: '1' };
        subject.upstream.answers.set('initialize', () => ({
          protocolVersion: '1900-01-01',
          capabilities: {},
          serverInfo,
        }));
        expect((await subject.call('tools/list')).error.message).toContain('1900-01-01');
        expect(subject.upstream.of('tools/list')).toEqual([]);
      },
      fake: hears((message) =>
        isJsonObject(message.result) && 'protocolVersion' in message.result
          ? { ...message, result: { ...message.result, protocolVersion: '2025-11-25' } }
          : message,
      ),
    },
    {
      section: 'Operation',
      rule: 'only what the upstream declared is used: no level is set, and no resource watched, where it cannot be',
      upstream: 'legacy',
      async check(subject) {
        subject.upstream.capabilities = { tools: {}, resources: {} };
        const session = await subject.openSession();
        await session.call('logging/setLevel', { level: 'debug' });
        await session.call('resources/subscribe', { uri: 'up://one' });
        await session.call('tools/call', CALL);
        expect([...subject.upstream.of('logging/setLevel'), ...subject.upstream.of('resources/subscribe')]).toEqual([]);
      },
      fake: sends((message) =>
        message.method === 'tools/call' ? { ...message, method: 'logging/setLevel' } : message,
      ),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/transports', [
    {
      section: 'Sending Messages to the Server',
      rule: 'every message is a POST of its own, and takes JSON and event streams',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/call', CALL);
        const posted = subject.upstream.received.filter(({ http }) => http === 'POST');
        expect(posted.length).toBeGreaterThan(3);
        for (const { headers, message } of posted) {
          expect(Array.isArray(message)).toBe(false);
          for (const type of ['application/json', 'text/event-stream']) expect(headers.get('accept')).toContain(type);
        }
      },
      fake: sendsWith({ accept: 'application/json' }),
    },
    {
      section: 'Sending Messages to the Server',
      rule: 'both kinds of responses are understood',
      upstream: 'legacy',
      async check(subject) {
        const result = { content: [{ type: 'text', text: 'x' }] };
        for (const answer of [events, (message: JsonObject): Response => json(message, message)]) {
          subject.upstream.answers.set('tools/call', ({ message }) => answer({ id: message.id, result }));
          expect((await subject.call('tools/call', CALL)).result).toMatchObject(result);
        }
      },
      fake: sends((message) => (message.method === 'tools/call' ? { ...message, method: 'tools/list' } : message)),
    },
    ...(['mcp-session-id', 'mcp-protocol-version'] as const).map((name): RuleOf<'2025-11-25', 'basic/transports'> => ({
      section: 'Session Management',
      also: ['2025-11-25 basic/transports, Protocol Version Header', '2025-11-25 basic/lifecycle, Version Negotiation'],
      rule: `every request after initialize has ${name}`,
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/call', CALL);
        const { received } = subject.upstream;
        const at = received.findIndex(({ message }) => message.method === 'notifications/initialized');
        const after = received
          .slice(at)
          .filter(({ message }) => message.method !== 'initialize' && message.method !== 'server/discover');
        expect(after.length).toBeGreaterThan(2);
        for (const { headers } of after) expect(headers.get(name)).toMatch(/^(s-\d+|2025-11-25)$/);
      },
      fake: sendsWith({ [name]: null }),
    })),
    {
      section: 'Session Management',
      rule: 'a session that the upstream has forgotten is opened again, without its id',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/call', CALL);
        const opened = subject.upstream.of('initialize').length;
        let forgotten = true;
        subject.upstream.answers.set('tools/call', ({ message }) => {
          if (!forgotten) return { content: [] };
          forgotten = false;
          return json(message, { error: { code: -32001, message: 'Session not found' } }, 404);
        });
        expect((await subject.call('tools/call', CALL)).status).toBe(200);
        const again = subject.upstream.of('initialize').slice(opened);
        expect(again.map(({ headers }) => headers.get('mcp-session-id'))).toEqual([null]);
      },
      fake: sendsWith({ 'mcp-session-id': 's-1' }, 'initialize'),
    },
    {
      section: 'Session Management',
      rule: 'the session id of an upstream is told to nobody',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        subject.upstream.answers.set('resources/read', () => new Response('gone', { status: 500 }));
        const answers = [session.opened, await session.call('tools/list'), await session.call('tools/call', CALL)];
        answers.push(await session.call('resources/read', { uri: 'up://one' }));
        for (const { headers, text } of answers) expect(JSON.stringify([...headers, text])).not.toMatch(/\bs-1\b/);
      },
      fake: answersWith({ 'x-upstream': 's-1' }),
    },
    {
      section: 'Listening for Messages from the Server',
      rule: 'a GET takes event streams',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/list');
        await expect.poll(() => subject.upstream.received.some(({ http }) => http === 'GET')).toBe(true);
        for (const { http, headers } of subject.upstream.received)
          if (http === 'GET') expect(headers.get('accept')).toContain('text/event-stream');
      },
      fake: sendsWith({ accept: 'application/json' }),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/cancellation', [
    {
      section: 'Behavior Requirements',
      also: ['2025-11-25 basic/utilities/cancellation, Timing Considerations'],
      rule: 'what a caller cancels is cancelled at the upstream, under the id there; what has ended, or never was, is not',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        const cancel = (requestId: string): Promise<unknown> =>
          session.post({ method: 'notifications/cancelled', params: { requestId } });
        await session.post({ id: 'over', method: 'tools/list' });
        for (const requestId of ['over', 'never']) await cancel(requestId);
        const reached = subject.upstream.hang();
        void session.post({ id: 'slow', method: 'tools/call', params: CALL }).catch(() => undefined);
        await reached;
        await cancel('slow');
        const cancelled = (): unknown[] =>
          subject.upstream.of('notifications/cancelled').map(({ params }) => params.requestId);
        await expect.poll(cancelled, { timeout: 500 }).toEqual([subject.upstream.of('tools/call')[0]?.message.id]);
      },
      fake: sends((message) =>
        message.method === 'notifications/cancelled' ? { ...message, params: { requestId: 'slow' } } : message,
      ),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/ping', [
    {
      section: 'Behavior Requirements',
      rule: 'a ping of the upstream is answered with an empty result',
      upstream: 'legacy',
      async check(subject) {
        subject.upstream.answers.set('tools/call', ({ message }) =>
          events({ id: 'p', method: 'ping' }, { id: message.id, result: { content: [] } }),
        );
        await subject.call('tools/call', CALL);
        await expect
          .poll(() => subject.upstream.received.find(({ message }) => message.id === 'p')?.message.result, {
            timeout: 500,
          })
          .toEqual({});
      },
      fake: sends((message) => (message.id === 'p' ? { ...message, result: { pong: true } } : message)),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/progress', [
    {
      section: 'Progress Flow',
      rule: 'tokens of requests that run are text or integers, and no two are the same',
      upstream: 'legacy',
      async check(subject) {
        await subject.call('tools/list');
        await Promise.all(
          [1, 2, 3].map((id) => subject.call('tools/call', CALL, { id, meta: { progressToken: 'mine' } })),
        );
        const seen = subject.upstream.of('tools/call').map(({ meta }) => meta.progressToken);
        expect(new Set(seen).size).toBe(3);
        for (const token of seen) expect(typeof token === 'string' || Number.isInteger(token)).toBe(true);
      },
      fake: sends((message) => ({
        ...message,
        params: { ...(message.params as object), _meta: { progressToken: 'mine' } },
      })),
    },
  ]),
  ...rulesOf('2025-11-25', 'basic/utilities/tasks', [
    {
      section: 'Tool-Level Negotiation',
      rule: 'no task is asked of an upstream that did not declare any',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        await session.call('tools/call', { ...CALL, task: { ttl: 1000 } });
        expect(subject.upstream.of('tools/call')[0]?.params).not.toHaveProperty('task');
      },
      fake: sends((message) => ({ ...message, params: { ...(message.params as object), task: {} } })),
    },
  ]),
  ...rulesOf('2025-11-25', 'client/roots', [
    {
      section: 'Capabilities',
      also: ['2025-11-25 client/roots, Root List Changes'],
      rule: 'roots are not declared to an upstream whose session is that of several callers, nor are changes of them',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession({ roots: { listChanged: true } });
        await session.call('tools/call', CALL);
        await session.post({ method: 'notifications/roots/list_changed' });
        expect(subject.upstream.of('notifications/roots/list_changed')).toEqual([]);
        for (const { params } of subject.upstream.of('initialize'))
          expect(params.capabilities).not.toHaveProperty('roots');
      },
      fake: sends((message) =>
        message.method === 'initialize'
          ? { ...message, params: { ...(message.params as object), capabilities: { roots: {} } } }
          : message,
      ),
    },
  ]),
  ...rulesOf('2025-11-25', 'client/sampling', [
    {
      section: 'Capabilities',
      also: ['2025-11-25 client/elicitation, Capabilities'],
      rule: 'what a caller can be asked is declared to its upstream, and nothing that nobody can',
      upstream: 'legacy',
      async check(subject) {
        for (const capabilities of [{}, { sampling: {} }, { elicitation: { form: {} } }]) {
          const session = await subject.openSession(capabilities);
          await session.call('tools/call', CALL);
          const used = subject.upstream.of('tools/call').at(-1)?.headers.get('mcp-session-id');
          const opening = subject.upstream.of('initialize')[Number(used?.slice('s-'.length)) - 1];
          expect(opening?.params.capabilities).toEqual(capabilities);
        }
      },
      fake: sends((message) =>
        message.method === 'initialize'
          ? { ...message, params: { ...(message.params as object), capabilities: { sampling: {} } } }
          : message,
      ),
    },
    {
      section: 'Capabilities',
      rule: 'what nobody declared is refused to an upstream that asks for it',
      upstream: 'legacy',
      async check(subject) {
        subject.upstream.answers.set('tools/call', ({ message }) =>
          events(
            { id: 'q', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
            { id: message.id, result: { content: [] } },
          ),
        );
        await subject.call('tools/call', CALL);
        await expect
          .poll(() => subject.upstream.received.find(({ message }) => message.id === 'q')?.message.error, {
            timeout: 500,
          })
          .toMatchObject({ code: -32601 });
      },
      fake: sends((message) => (message.id === 'q' ? { jsonrpc: '2.0', id: 'q', result: {} } : message)),
    },
  ]),
];
