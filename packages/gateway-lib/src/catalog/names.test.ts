import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { createNameTable, type NameRecord, type Naming } from './names.ts';

const AB = ['a', 'b'];
const NAMINGS: readonly Naming[] = ['always', 'conflict', 'never'];

describe('public names', () => {
  it('carry the name of the upstream', () => {
    const names = createNameTable({ naming: 'always' });
    expect(names.publicName('tools', 'github', 'search')).toBe('github_search');
    expect(names.publicName('tools', 'jira', 'search')).toBe('jira_search');
  });

  it.each([
    ['my server!', 'my_server__x'],
    ['a.b/c', 'a_b_c_x'],
    ['日本', '___x'],
    ['ok-1_A', 'ok-1_A_x'],
  ])('leave out of the upstream name %s what clients refuse', (upstream, expected) => {
    expect(createNameTable({ naming: 'always' }).publicName('tools', upstream, 'x')).toBe(expected);
  });

  it('carry it in a conflict only, if so wished', () => {
    const names = createNameTable({ naming: 'conflict' });
    expect(names.publicName('tools', 'a', 'search')).toBe('search');
    expect(names.publicName('tools', 'b', 'search')).toBe('b_search');
    expect(names.publicName('tools', 'b', 'other')).toBe('other');
    expect(names.publicName('prompts', 'b', 'search')).toBe('search');
  });

  it('never carry it, if so wished: the second one has none', () => {
    const names = createNameTable({ naming: 'never' });
    expect(names.publicName('tools', 'a', 'search')).toBe('search');
    expect(names.publicName('tools', 'b', 'search')).toBeUndefined();
    expect(names.publicName('tools', 'b', 'search')).toBeUndefined();
    expect(names.publicName('tools', 'a', 'search')).toBe('search');
  });

  it('stay, whoever comes later', () => {
    const names = createNameTable({ naming: 'conflict' });
    expect(names.publicName('tools', 'late', 'x')).toBe('x');
    names.publicName('tools', 'early', 'x');
    expect(names.publicName('tools', 'late', 'x')).toBe('x');
    expect(names.publicName('tools', 'early', 'x')).toBe('early_x');
  });

  it('are cut with a hash beyond 64 characters, the same in each process', () => {
    const long = 'tool_'.repeat(20);
    const [one, two] = [createNameTable({ naming: 'always' }), createNameTable({ naming: 'always' })];
    const name = one.publicName('tools', 'up', long);
    expect(name).toMatch(/^up_tool_tool_.*_[0-9a-f]{8}$/);
    expect(name).toHaveLength(64);
    expect(two.publicName('tools', 'up', long)).toBe(name);
    expect(one.publicName('tools', 'up', `${long}2`)).not.toBe(name);
  });

  it('keep 64 characters whole', () => {
    const name = 'x'.repeat(61);
    expect(createNameTable({ naming: 'always' }).publicName('tools', 'up', name)).toBe(`up_${name}`);
  });

  it('differ where prefix and name run together', () => {
    const names = createNameTable({ naming: 'always' });
    expect(names.publicName('tools', 'a', 'b_c')).toBe('a_b_c');
    expect(names.publicName('tools', 'a_b', 'c')).toMatch(/^a_b_c_[0-9a-f]{8}$/);
  });

  it.each([
    ['git', 'hub_token'],
    ['git_hub', 'token'],
  ])('do not depend on who is read first, here %s', (first, tool) => {
    const names = createNameTable({ naming: 'always', upstreams: ['git', 'git_hub'] });
    names.publicName('tools', first, tool);
    expect(names.publicName('tools', 'git_hub', 'token')).toBe('git_hub_token');
    expect(names.publicName('tools', 'git', 'hub_token')).toMatch(/^git_hub_token_[0-9a-f]{8}$/);
    expect(names.publicName('tools', 'git', 'hubs')).toBe('git_hubs');
  });

  it('of two upstreams with one prefix are told apart by their order', () => {
    const names = createNameTable({ naming: 'always', upstreams: ['a b', 'a_b'] });
    expect(names.publicName('tools', 'a_b', 'x')).toMatch(/^a_b_x_[0-9a-f]{8}$/);
    expect(names.publicName('tools', 'a b', 'x')).toBe('a_b_x');
  });

  it('are the same in whatever order the targets are read', () => {
    const upstreams = ['a', 'b', 'a_b', 'b_a', 'a b', 'a-b', ''];
    const target = fc.tuple(fc.constantFrom(...upstreams), fc.constantFrom('a', 'b', 'a_b', 'b_a', 'a_b_a', '_', ''));
    check(
      fc.property(fc.array(target, { maxLength: 20 }), (targets) => {
        const namesOf = (order: typeof targets): Map<string, unknown> => {
          const names = createNameTable({ naming: 'always', upstreams });
          return new Map(order.map((one) => [JSON.stringify(one), names.publicName('tools', ...one)]));
        };
        expect(namesOf([...targets].reverse())).toEqual(namesOf(targets));
      }),
    );
  });

  it('never are shared by two targets, and never change', () => {
    const part = fc.oneof(
      fc.constantFrom('a', 'b', 'a_b', 'b_a', 'a b', 'a-b', 'search', '', '_', 'x'.repeat(60), 'x'.repeat(70)),
      fc.string({ maxLength: 80 }),
    );
    const target = fc.tuple(fc.constantFrom('tools', 'prompts'), part, part);
    check(
      fc.property(fc.constantFrom(...NAMINGS), fc.array(target, { maxLength: 40 }), (naming, targets) => {
        const names = createNameTable({ naming });
        const given = new Map<string, string>();
        for (const [kind, upstream, name] of [...targets, ...targets]) {
          const publicName = names.publicName(kind, upstream, name);
          expect(names.publicName(kind, upstream, name)).toBe(publicName);
          if (publicName === undefined) continue;
          const key = JSON.stringify([kind, publicName]);
          const owner = JSON.stringify([kind, upstream, name]);
          expect(given.get(key) ?? owner).toBe(owner);
          given.set(key, owner);
          if (naming !== 'never') expect(publicName.length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });

  it('are found also for two targets of one hash', () => {
    // FNV-1a of "up\0" and either is 324e48e1; found by search.
    const [first, second] = [`${'x'.repeat(60)}4rnw`, `${'x'.repeat(60)}lpba`];
    const alone = createNameTable({ naming: 'always' }).publicName('tools', 'up', second);
    const names = createNameTable({ naming: 'always' });
    const one = names.publicName('tools', 'up', first);
    const two = names.publicName('tools', 'up', second);
    expect(alone).toBe(one);
    expect(two).toBeDefined();
    expect(two).not.toBe(one);
    expect(two?.length).toBeLessThanOrEqual(64);
  });

  it('that are recorded stay, whoever is read first then and however names are given', () => {
    const before = createNameTable({ naming: 'conflict', upstreams: AB });
    before.publicName('tools', 'b', 'search');
    before.publicName('tools', 'a', 'search');
    before.publicName('prompts', 'a', 'ask');
    const names = JSON.parse(JSON.stringify(before.record())) as NameRecord;
    expect(names).toEqual({
      tools: { a_search: { upstream: 'a', name: 'search' }, search: { upstream: 'b', name: 'search' } },
      prompts: { ask: { upstream: 'a', name: 'ask' } },
    });
    for (const naming of NAMINGS) {
      const after = createNameTable({ naming, upstreams: ['new', ...AB], names });
      expect(after.publicName('tools', 'a', 'search')).toBe('a_search');
      expect(after.publicName('tools', 'b', 'search')).toBe('search');
      expect(after.publicName('tools', 'new', 'search')).not.toBe('search');
      expect(after.record()).toMatchObject(names);
    }
  });

  it('stay when an upstream is added, in the next process as well', () => {
    const names = createNameTable({ naming: 'always', upstreams: ['git'] });
    expect(names.publicName('tools', 'git', 'hub_token')).toBe('git_hub_token');
    const next = createNameTable({ naming: 'always', upstreams: ['git', 'git_hub'], names: names.record() });
    expect(next.publicName('tools', 'git_hub', 'token')).toMatch(/^git_hub_token_[0-9a-f]{8}$/);
    expect(next.publicName('tools', 'git', 'hub_token')).toBe('git_hub_token');
  });

  it("that are configured are used as they are, and are nobody else's", () => {
    const renames = { tools: { find: { upstream: 'a', name: 'search' } } };
    for (const naming of NAMINGS) {
      const names = createNameTable({ naming, upstreams: AB, renames });
      expect(names.publicName('tools', 'b', 'find')).not.toBe('find');
      expect(names.publicName('tools', 'a', 'search')).toBe('find');
      expect(names.publicName('prompts', 'a', 'search')).not.toBe('find');
    }
  });

  it("that begin like the gateway's own are given to nobody", () => {
    const own = 'mcp-gateway_status';
    expect(createNameTable({ naming: 'never' }).publicName('tools', 'a', own)).toBeUndefined();
    expect(createNameTable({ naming: 'conflict' }).publicName('tools', 'a', own)).toBe(`a_${own}`);
  });

  it('are forgotten when they are long out of use and very many', () => {
    const names = createNameTable({ naming: 'conflict', upstreams: AB });
    names.publicName('tools', 'a', 'kept');
    names.publicName('tools', 'a', 'left');
    for (let n = 0; n < 30_000; n++) {
      if (n % 1_000 === 0) names.publicName('tools', 'a', 'kept');
      names.publicName('tools', 'a', `t${n}`);
    }
    expect(Object.keys(names.record().tools ?? {})).toHaveLength(20_000);
    expect(names.publicName('tools', 'b', 'left')).toBe('left');
    expect(names.publicName('tools', 'b', 'kept')).toBe('b_kept');
  });

  it('of URIs are the URIs, and marked where another upstream has them', () => {
    const names = createNameTable({ naming: 'always', upstreams: AB });
    expect(names.publicUri('resources', 'b', 'x://1')).toBe('x://1');
    expect(names.publicUri('resources', 'a', 'x://1')).toBe('mcp.a+x://1');
    expect(names.publicUri('resources', 'a', 'x://2')).toBe('x://2');
    expect(names.publicUri('resourceTemplates', 'a', 'x://{id}')).toBe('x://{id}');
    expect(names.publicUri('resourceTemplates', 'b', 'x://{name}')).toBe('mcp.b+x://{name}');
    expect(names.publicUri('resources', 'My Server', 'x://1')).toBe('mcp.my-server+x://1');
  });
});
