import { expect } from 'vitest';
import { errors, results, says, sends } from './fakes.ts';
import { rulesOf } from './rule.ts';
import type { Subject } from './subject.ts';

const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'] as const;

async function declares(subject: Subject): Promise<void> {
  const { result } = await subject.call('server/discover');
  for (const capability of ['tools', 'prompts', 'resources', 'completions', 'logging'])
    expect(result.capabilities).toHaveProperty(capability);
}

/** Rules of what servers offer of 2026-07-28. */
export const MODERN_FEATURE_RULES = [
  ...rulesOf('2026-07-28', 'server/tools, prompts, resources, completion, logging', [
    {
      section: 'Capabilities',
      rule: 'what an upstream can is declared',
      check: declares,
      fake: results((result) => ({ ...result, capabilities: { tools: {} } })),
    },
    {
      section: 'Capabilities',
      rule: 'a list is the same on every connection, and after every other request',
      async check(subject) {
        const first = await subject.call('tools/list');
        await subject.call('tools/call', { name: 'echo', arguments: {} });
        const legacy = await subject.openSession({ sampling: {}, roots: {} });
        expect((await legacy.call('tools/list')).result.tools).toEqual(first.result.tools);
        expect((await subject.call('tools/list')).result.tools).toEqual(first.result.tools);
      },
      fake: ((): {
        toCallers: (next: (request: Request) => Promise<Response>) => (request: Request) => Promise<Response>;
      } => {
        let count = 0;
        return says((message) => ({
          ...message,
          result: { ...(message.result as object), tools: [{ name: `t${count++}` }] },
        })) as never;
      })(),
    },
  ]),
  ...rulesOf('2026-07-28', 'server/resources', [
    {
      section: 'Error Handling',
      rule: 'a resource that is not there is an error with -32602, not an empty result',
      async check(subject) {
        const { error } = await subject.call('resources/read', { uri: 'up://nowhere' });
        expect(error.code).toBe(-32602);
      },
      fake: says(({ id }) => ({ jsonrpc: '2.0', id, result: { resultType: 'complete', contents: [] } })),
    },
  ]),
  ...rulesOf('2026-07-28', 'server/tools', [
    {
      section: 'Error Handling',
      rule: 'a tool that is not there is a protocol error',
      async check(subject) {
        expect((await subject.call('tools/call', { name: 'nowhere' })).error.code).toBe(-32602);
      },
      fake: errors((error) => ({ ...error, code: -32603 })),
    },
    {
      section: 'Tool',
      rule: 'a schema is given on as the upstream wrote it',
      async check(subject) {
        const inputSchema = {
          type: 'object',
          $defs: { a: { 'x-own': 12345678901234 } },
          properties: { p: { $ref: '#/$defs/a' } },
        };
        subject.upstream.answers.set('tools/list', () => ({
          resultType: 'complete',
          ttlMs: 0,
          tools: [{ name: 't', inputSchema }],
        }));
        expect((await subject.call('tools/list')).result.tools).toEqual([{ name: 't', inputSchema }]);
      },
      fake: results((result) => ({ ...result, tools: [{ name: 't', inputSchema: null }] })),
    },
  ]),
  ...rulesOf('2026-07-28', 'server/utilities/caching', [
    {
      section: 'Cacheable Results',
      rule: 'results that may be kept say how long (0 or more) and for whom, of a legacy upstream, too',
      upstream: 'legacy',
      async check(subject) {
        const answers = [
          await subject.call('server/discover'),
          await subject.call('resources/read', { uri: 'up://one' }),
          ...(await Promise.all(LISTS.map((method) => subject.call(method)))),
        ];
        for (const { result } of answers) {
          expect(result.ttlMs).toBeGreaterThanOrEqual(0);
          expect(['public', 'private']).toContain(result.cacheScope);
        }
      },
      fake: results(({ cacheScope: _, ...result }) => result),
    },
    {
      section: 'Cacheable Results',
      rule: 'a result that asks says nothing of that',
      async check(subject) {
        subject.upstream.answers.set('resources/read', () => ({ resultType: 'input_required', requestState: 's' }));
        const { result } = await subject.call('resources/read', { uri: 'up://one' });
        expect(result).not.toHaveProperty('ttlMs');
        expect(result.resultType).toBe('input_required');
      },
      fake: results((result) => ({ ...result, ttlMs: 0, cacheScope: 'private' })),
    },
    {
      section: 'Cache Scope Field',
      rule: 'a list with anything private in it is private',
      async check(subject) {
        subject.upstream.answers.set('tools/list', () => ({
          resultType: 'complete',
          ttlMs: 5,
          cacheScope: 'private',
          tools: [],
        }));
        expect((await subject.call('tools/list')).result.cacheScope).toBe('private');
      },
      fake: results((result) => ({ ...result, cacheScope: 'public' })),
    },
    {
      section: 'Cache Key',
      rule: 'a result is never the answer to another request',
      async check(subject) {
        const read = async (uri: string): Promise<unknown> =>
          (await subject.call('resources/read', { uri })).result.contents;
        subject.upstream.answers.set('resources/list', () => ({
          resultType: 'complete',
          resources: [{ uri: 'up://a' }, { uri: 'up://b' }],
        }));
        subject.upstream.answers.set('resources/read', ({ params }) => ({
          resultType: 'complete',
          ttlMs: 60_000,
          cacheScope: 'public',
          contents: [{ uri: params.uri, text: '' }],
        }));
        for (const uri of ['up://a', 'up://b', 'up://a']) expect(await read(uri)).toMatchObject([{ uri }]);
      },
      fake: results((result) => ('contents' in result ? { ...result, contents: [{ uri: 'up://a' }] } : result)),
    },
  ]),
  ...rulesOf('2026-07-28', 'server/utilities/pagination', [
    {
      section: 'Implementation Guidelines',
      rule: 'cursors of an upstream are given back as they are, an empty one, too',
      async check(subject) {
        const pages: Record<string, object> = {
          first: { nextCursor: '' },
          '': { nextCursor: '{"p":2}' },
          '{"p":2}': {},
        };
        subject.upstream.answers.set('tools/list', ({ params }) => {
          const cursor = typeof params.cursor === 'string' ? params.cursor : 'first';
          return { resultType: 'complete', ttlMs: 0, tools: [{ name: `t${cursor.length}` }], ...pages[cursor] };
        });
        const { result } = await subject.call('tools/list');
        expect((result.tools as { name: string }[]).map(({ name }) => name).sort()).toEqual(['t0', 't5', 't7']);
      },
      fake: sends((message) => {
        const params = message.params as { cursor?: string };
        return params.cursor === '' ? { ...message, params: { ...params, cursor: undefined } } : message;
      }),
    },
  ]),
];
