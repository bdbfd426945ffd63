import { Payload } from '@org/mcp-sdk';
import { membersOf } from '@org/mcp-sdk/wire';
import { describe, expect, it } from 'vitest';
import type { Entry } from './entry.ts';
import { createCurator, NO_OVERRIDES, type UpstreamOverrides } from './overrides.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function entryOf(json: string, member = 'name'): Entry {
  const { bytes } = Payload.json(json);
  return { key: (JSON.parse(json) as Record<string, string>)[member]!, json: bytes, at: membersOf(bytes).get(member)! };
}

const curated = (overrides: Partial<UpstreamOverrides>, ...json: string[]): Entry[] => [
  ...createCurator({ ...NO_OVERRIDES, ...overrides }, 'tools/list').curate(json.map((each) => entryOf(each))),
];

describe('what is changed of a list', () => {
  it('is nothing without a word', () => {
    const [entry] = curated({}, '{"name":"x"}');
    expect(text(entry!.json)).toBe('{"name":"x"}');
  });

  it('is what is left out', () => {
    const tools = { include: ['a', 'b*'], exclude: ['b2'] };
    const names = ['a', 'b1', 'b2', 'c'].map((name) => `{"name":"${name}"}`);
    expect(curated({ tools }, ...names).map(({ key }) => key)).toEqual(['a', 'b1']);
    expect(curated({ prompts: tools }, ...names)).toHaveLength(4);
  });

  it('is how an entry is described; all else keeps its bytes, and its name its place', () => {
    const tools = { describe: { x: { title: 'T "1"', description: 'new' }, y: { description: 'y' } } };
    const [x, y, z] = curated(
      { tools },
      '{ "description" : "old", "n":12345678901234567890, "name" : "x","inputSchema":{"a": 1.0} }',
      '{"name":"y","title":"kept"}',
      '{"name":"z"}',
    );
    expect(text(x!.json)).toBe(
      '{"n":12345678901234567890,"name":"x","inputSchema":{"a": 1.0},"title":"T \\"1\\"","description":"new"}',
    );
    for (const entry of [x!, y!])
      expect(text(entry.json.subarray(entry.at.start, entry.at.end))).toBe(`"${entry.key}"`);
    expect(JSON.parse(text(y!.json))).toEqual({ name: 'y', title: 'kept', description: 'y' });
    expect(text(z!.json)).toBe('{"name":"z"}');
  });

  it('says which names nothing has', () => {
    const tools = {
      include: ['a', 'b*', 'typo'],
      exclude: ['gone'],
      rename: { a: 'x', old: 'y' },
      describe: { past: { title: 't' } },
    };
    const curator = createCurator({ ...NO_OVERRIDES, tools }, 'tools/list');
    expect(curator.unmatched([entryOf('{"name":"a"}')])).toEqual(['typo', 'gone', 'past', 'old']);
    expect(createCurator(NO_OVERRIDES, 'tools/list').unmatched([])).toEqual([]);
  });

  it('is of resources and templates by URI', () => {
    const overrides = { ...NO_OVERRIDES, resources: { include: ['a://1', 'a://{id}'] } };
    const uri = entryOf('{"uri":"a://1"}', 'uri');
    expect(createCurator(overrides, 'resources/list').curate([uri, entryOf('{"uri":"b://1"}', 'uri')])).toEqual([uri]);
    const template = entryOf('{"uriTemplate":"a://{id}"}', 'uriTemplate');
    expect(createCurator(overrides, 'resources/templates/list').curate([template])).toEqual([template]);
  });
});
