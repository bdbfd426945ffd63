import type { JsonObject } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { answersWith, errors, ignores, results, says, sends, sendsWith, status } from './fakes.ts';
import { get, Messages, post, read } from './messages.ts';
import { rulesOf } from './rule.ts';
import { LegacyCaller, type Subject } from './subject.ts';
import { events, json } from './upstream.ts';

const CALL = { name: 'echo', arguments: {} };

/** Rules of 2025-11-25 toward callers. */
export const LEGACY_RULES = [
  ...rulesOf('2025-11-25', 'basic/index', [
    {
      section: 'Messages',
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
  ...rulesOf('2025-11-25', 'basic/utilities', [
    {
      section: 'Ping',
      rule: 'a ping is answered at once with an empty result',
      async check(subject) {
        const session = await subject.openSession();
        expect((await session.call('ping')).message.result).toEqual({});
        expect(subject.upstream.of('ping')).toEqual([]);
      },
      fake: results(() => ({ pong: true })),
    },
    {
      section: 'Progress',
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
    {
      section: 'Cancellation',
      rule: 'a closed connection cancels nothing, a notification does',
      upstream: 'legacy',
      async check(subject) {
        const session = await subject.openSession();
        await session.call('tools/list');
        const reached = reach(subject);
        void session.post({ id: 'slow', method: 'tools/call', params: CALL }).catch(() => undefined);
        await reached;
        expect(subject.upstream.of('notifications/cancelled')).toEqual([]);
        await session.post({ method: 'notifications/cancelled', params: { requestId: 'slow' } });
        await expect.poll(() => subject.upstream.of('notifications/cancelled').length, { timeout: 500 }).toBe(1);
      },
      fake: sends((message) => (message.method === 'notifications/cancelled' ? undefined : message)),
    },
  ]),
];

/** Resolves when the upstream has got a call, which it never answers. */
const reach = (subject: Subject): Promise<void> =>
  new Promise((resolve) => {
    subject.upstream.answers.set('tools/call', () => {
      resolve();
      return new Promise(() => undefined);
    });
  });

/** Rules of 2025-11-25 toward upstreams. */
export const LEGACY_CLIENT_RULES = rulesOf('2025-11-25', 'basic', [
  {
    section: 'Lifecycle: Initialization',
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
    section: 'Lifecycle: Initialization',
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
  ...(['mcp-session-id', 'mcp-protocol-version'] as const).map((name) => ({
    section: 'Transports: Session Management, Protocol Version Header',
    rule: `every request after initialize has ${name}`,
    upstream: 'legacy' as const,
    async check(subject: Subject) {
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
    section: 'Transports: Session Management',
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
    section: 'Transports: Listening for Messages from the Server',
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
  {
    section: 'Lifecycle: Operation',
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
    fake: sends((message) => (message.method === 'tools/call' ? { ...message, method: 'logging/setLevel' } : message)),
  },
  {
    section: 'Cancellation',
    rule: 'what is cancelled at an upstream is a request that it got and has not answered, and never initialize',
    upstream: 'legacy',
    async check(subject) {
      await subject.call('tools/list');
      const stop = new AbortController();
      const reached = reach(subject);
      const request = post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: CALL }, {}, stop.signal);
      const session = await subject.openSession();
      void session.post({ id: 'slow', method: 'tools/call', params: CALL }).catch(() => undefined);
      await reached;
      expect(request.method).toBe('POST');
      await session.post({ method: 'notifications/cancelled', params: { requestId: 'slow' } });
      await expect.poll(() => subject.upstream.of('notifications/cancelled').length, { timeout: 500 }).toBe(1);
      const [cancelled] = subject.upstream.of('notifications/cancelled');
      expect(cancelled?.params.requestId).toBe(subject.upstream.of('tools/call')[0]?.message.id);
    },
    fake: sends((message) =>
      message.method === 'notifications/cancelled' ? { ...message, params: { requestId: 'slow' } } : message,
    ),
  },
  {
    section: 'Ping',
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
  {
    section: 'Roots, Sampling, Elicitation: Capabilities',
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
]);
