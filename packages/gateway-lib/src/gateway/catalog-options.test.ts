import { describe, expect, it } from 'vitest';
import { answering } from '../../test/support/fakes.ts';
import { Gateway } from './gateway.ts';
import type { GatewayOptions } from './options.ts';
import { resolveView } from './view-options.ts';

const server = answering({});
const withUp = (up: object, rest: object = {}): unknown => ({
  upstreams: { up: { server, ...up }, b: { server } },
  ...rest,
});

function faultsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'invalid_options' });
    return (thrown as Error).message.split('\n');
  }
}

const NAMES = '1 to 64 characters of A-Z, a-z, 0-9, "_", "-" and ".", not beginning with "mcp-gateway_"';
const OVERRIDES = 'an array of names, or an object of include, exclude, describe, rename';

describe('what is said of the catalog', () => {
  it('may be left out, or be as short as a list of names', async () => {
    for (const up of [{}, { tools: ['a'], prompts: [], resources: ['x://*'] }, { tools: { rename: { a: 'b.c-D_9' } } }])
      await new Gateway(withUp(up) as GatewayOptions).close();
  });

  it.each<[unknown, string]>([
    [withUp({}, { resources: 'last' }), 'resources is "last"; allowed: "first", "namespaced", "error".'],
    [withUp({}, { pageSize: 0 }), 'pageSize is 0; allowed: an integer from 1.'],
    [withUp({}, { pageSize: 1.5 }), 'pageSize is 1.5; allowed: an integer from 1.'],
    [withUp({}, { names: [] }), 'names is []; allowed: what gateway.names() returned.'],
    [
      withUp({}, { names: { tools: 5 } }),
      'names.tools is of type number; allowed: an object of targets by public name.',
    ],
    [
      withUp({}, { names: { tools: { x: 'up' } } }),
      'names.tools.x is of type string; allowed: an object with "upstream" and "name".',
    ],
    [withUp({ tools: 'a' }), `upstreams.up.tools is of type string; allowed: ${OVERRIDES}.`],
    [withUp({ tools: { only: ['a'] } }), `upstreams.up.tools.only is an array; allowed: ${OVERRIDES}.`],
    [
      withUp({ tools: [5] }),
      'upstreams.up.tools.include is an array; allowed: an array of names, in which * stands for any characters.',
    ],
    [
      withUp({ prompts: { exclude: [''] } }),
      'upstreams.up.prompts.exclude is an array; allowed: an array of names, in which * stands for any characters.',
    ],
    [
      withUp({ resources: { rename: {} } }),
      'upstreams.up.resources.rename is of type object; allowed: an array of names, or an object of include, exclude, describe.',
    ],
    [withUp({ tools: { describe: [] } }), 'upstreams.up.tools.describe is []; allowed: an object by name.'],
    ...[{}, 'text', { title: 5 }, { summary: 'x' }].map((wrong): [unknown, string] => [
      withUp({ tools: { describe: { a: wrong } } }),
      `upstreams.up.tools.describe.a is of type ${typeof wrong}; allowed: an object with a title, a description or both.`,
    ]),
    [withUp({ tools: { rename: [] } }), 'upstreams.up.tools.rename is []; allowed: an object of public names by name.'],
    ...[5, '', 'a b', 'é', 'x'.repeat(65), 'mcp-gateway_x'].map((name): [unknown, string] => [
      withUp({ tools: { rename: { a: name } } }),
      `upstreams.up.tools.rename.a is ${JSON.stringify(name)}; allowed: ${NAMES}.`,
    ]),
    [
      withUp({ tools: { exclude: ['a'], rename: { a: 'b' } } }),
      'upstreams.up.tools.rename.a is "b"; allowed: only for a name that is included.',
    ],
    [
      withUp({ tools: { rename: { a: 'x', b: 'x' } } }),
      'upstreams.up.tools.rename.b is "x"; allowed: a name that is not "a" of "up" already.',
    ],
    [
      withUp({ tools: { rename: { a: 'x' } } }, { names: { tools: { x: { upstream: 'b', name: 'y' } } } }),
      'upstreams.up.tools.rename.a is "x"; allowed: a name that is not "y" of "b" already.',
    ],
    [
      { upstreams: { 'mcp-gateway': { server } } },
      'upstreams is "mcp-gateway"; allowed: a name that is not the gateway\'s own.',
    ],
    [
      { upstreams: { 日本: { server } } },
      'upstreams is "日本"; allowed: a name with a letter or digit (A-Z, a-z, 0-9), as public names begin with it.',
    ],
    [
      { upstreams: { 'a b': { server }, A_b: { server } }, resources: 'namespaced' },
      'upstreams is "A_b"; allowed: a name that marks URIs otherwise than "a b" does (mcp.a-b+).',
    ],
  ])('%# that is wrong is named with path, value and what is allowed', (options, fault) => {
    expect(faultsOf(() => new Gateway(options as GatewayOptions))).toEqual([fault]);
  });

  it('names an upstream as it likes where names do not begin with it', async () => {
    await new Gateway({ upstreams: { 日本: { server } }, naming: 'never' }).close();
  });
});

describe('what is said of a view', () => {
  const rules = { version: '1', upstreams: ['a', 'b'], taken: ['old'] };
  const resolve = (options: unknown) => resolveView(options as Parameters<typeof resolveView>[0], rules);

  it('is completed', () => {
    expect(resolve({ name: 'v' })).toMatchObject({
      info: { name: 'v', version: '1' },
      instructions: undefined,
      upstreams: ['a', 'b'],
    });
    const { selectors } = resolve({
      name: 'v',
      version: '2',
      upstreams: ['b'],
      tools: ['x*'],
      prompts: { exclude: ['p'] },
    });
    expect(selectors?.['tools/list'].selects('y')).toBe(false);
    expect(selectors?.['prompts/list'].selects('q')).toBe(true);
    expect(selectors?.['resources/list'].selects('z://1')).toBe(true);
  });

  it.each<[unknown, string]>([
    [{}, 'name is missing; allowed: a string that is not empty.'],
    [{ name: ' ' }, 'name is of type string; allowed: a string that is not empty.'],
    [{ name: 'old' }, 'name is "old"; allowed: a name that no open view has.'],
    [{ name: 'v', upstreams: [] }, 'upstreams is []; allowed: an array of at least one of "a", "b".'],
    [{ name: 'v', upstreams: ['a', 'c'] }, 'upstreams[1] is "c"; allowed: "a", "b".'],
    [
      { name: 'v', tools: 'x' },
      'tools is of type string; allowed: an array of names, or an object of include, exclude.',
    ],
    [
      { name: 'v', tools: { rename: {} } },
      'tools.rename is of type object; allowed: an array of names, or an object of include, exclude.',
    ],
    [
      { name: 'v', tool: ['x'] },
      'tool is no option; allowed: name, version, instructions, upstreams, tools, prompts, resources, extensions.',
    ],
  ])('%# that is wrong is named with path, value and what is allowed', (options, fault) => {
    expect(faultsOf(() => resolve(options))).toEqual([`view: ${fault}`]);
  });
});
