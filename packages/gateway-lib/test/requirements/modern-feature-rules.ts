import type { JsonObject } from '@org/mcp-sdk';
import { expect } from 'vitest';
import { results, says, sends } from './fakes.ts';
import { rulesOf, type Rule } from './rule.ts';
import type { Fake } from './subject.ts';

const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'] as const;

/** Capability by the page that says that it is to be declared. */
const CAPABILITIES = {
  'server/prompts': 'prompts',
  'server/resources': 'resources',
  'server/tools': 'tools',
  'server/utilities/completion': 'completions',
  'server/utilities/logging': 'logging',
} as const;

const DECLARING = Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[];

/** Rules of both revisions: what an upstream can is declared. */
export const CAPABILITY_RULES = DECLARING.flatMap((page) => {
  const capability = CAPABILITIES[page];
  const fake = results(({ capabilities, ...result }) => ({
    ...result,
    capabilities: { ...(capabilities as JsonObject), [capability]: undefined },
  }));
  const rule = `what an upstream can is declared: ${capability}`;
  return [
    ...rulesOf('2025-11-25', page, [
      {
        section: 'Capabilities',
        rule,
        async check(subject) {
          expect((await subject.openSession()).opened.result.capabilities).toHaveProperty(capability);
        },
        fake,
      },
    ]),
    ...rulesOf('2026-07-28', page, [
      {
        section: 'Capabilities',
        rule,
        async check(subject) {
          expect((await subject.call('server/discover')).result.capabilities).toHaveProperty(capability);
        },
        fake,
      },
    ]),
  ];
});

/** A rule of both revisions. */
const CURSORS: Pick<Rule, 'rule' | 'check' | 'fake'> = {
  rule: 'cursors of an upstream are given back as they are, an empty one, too, and pages are of any size',
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
};

/** Answers each request with another list. */
function fickle(): Fake {
  let count = 0;
  return results((result) => ('tools' in result ? { ...result, tools: [{ name: `t${count++}` }] } : result));
}

/** Rules of what servers offer of 2026-07-28. */
export const MODERN_FEATURE_RULES = [
  ...rulesOf('2026-07-28', 'server/tools', [
    {
      section: 'Capabilities',
      also: ['2026-07-28 server/prompts, Capabilities', '2026-07-28 server/resources, Capabilities'],
      rule: 'a list is the same on every connection, and after every other request',
      async check(subject) {
        for (const method of LISTS) {
          const first = await subject.call(method);
          await subject.call('tools/call', { name: 'echo', arguments: {} });
          const member = Object.keys(first.result).find((key) => Array.isArray(first.result[key])) ?? '';
          const legacy = await subject.openSession({ sampling: {}, roots: {} });
          expect((await legacy.call(method)).result[member]).toEqual(first.result[member]);
          expect((await subject.call(method)).result[member]).toEqual(first.result[member]);
        }
      },
      fake: fickle(),
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
      also: ['2026-07-28 server/utilities/caching, Time-to-Live (TTL) Field'],
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
      also: ['2026-07-28 server/utilities/pagination, Pagination Model'],
      ...CURSORS,
    },
  ]),
  ...rulesOf('2025-11-25', 'server/utilities/pagination', [
    {
      section: 'Implementation Guidelines',
      also: ['2025-11-25 server/utilities/pagination, Pagination Model'],
      upstream: 'legacy',
      ...CURSORS,
    },
  ]),
];
