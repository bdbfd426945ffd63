import { createCall, McpError, type Call, type JsonObject, type ListMethod } from '@org/mcp-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { answer, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogView } from '../catalog/catalog-view.ts';
import { readList, type UpstreamList } from '../catalog/entry.ts';
import { createNameTable } from '../catalog/names.ts';
import type { Route, RoutedCall } from '../core/routed-call.ts';
import { createResolve } from './resolve.ts';

type Lists = Partial<Record<ListMethod, string[]>>;

const KEYS = {
  'tools/list': ['tools', 'name'],
  'prompts/list': ['prompts', 'name'],
  'resources/list': ['resources', 'uri'],
  'resources/templates/list': ['resourceTemplates', 'uriTemplate'],
} as const;

let offers: Record<string, Lists | Error>;
let reads: string[];
let catalog: CatalogView;

const upstreams = new Map(['a', 'b'].map((name) => [name, upstreamOf(name, new FakeEndpoint(name))]));

beforeEach(() => {
  offers = {
    a: { 'tools/list': ['search'], 'prompts/list': ['ask'], 'resources/list': ['a://1'] },
    b: { 'tools/list': ['search'], 'resources/templates/list': ['b://{id}'] },
  };
  reads = [];
  const whole = new Catalog({
    upstreams: ['a', 'b'],
    names: createNameTable({ naming: 'always' }),
    clock: new FakeClock(),
    read,
    isWatched: () => false,
  });
  catalog = whole.createView({ onChange: () => undefined });
});

function read(upstream: string, method: ListMethod): Promise<UpstreamList> {
  reads.push(`${upstream} ${method}`);
  const offer = offers[upstream];
  if (!offer || offer instanceof Error) return Promise.reject(offer ?? new Error('nobody'));
  const [member, key] = KEYS[method];
  const page = { [member]: (offer[method] ?? []).map((name) => ({ [key]: name })) };
  return readList(() => Promise.resolve(answer(page)), method, {
    signal: new AbortController().signal,
    clientInfo: { name: 'gateway', version: '1.0.0' },
  });
}

const routeOther = ({ method }: Call): Promise<Route[]> =>
  Promise.resolve([{ upstream: upstreamOf('other'), target: method }]);

/** The route that a call gets. */
async function route(method: string, params: JsonObject): Promise<string> {
  let seen: RoutedCall | undefined;
  const handler = createResolve({ catalog, upstreams, routeOther })((call) => {
    seen = call;
    return Promise.resolve(answer({}));
  });
  await handler(createCall(method, params));
  return `${seen?.route.upstream.name} ${seen?.route.target}`;
}

describe('resolving a call', () => {
  it.each<[string, JsonObject, string]>([
    ['tools/call', { name: 'b_search' }, 'b search'],
    ['prompts/get', { name: 'a_ask' }, 'a ask'],
    ['resources/read', { uri: 'a://1' }, 'a a://1'],
    ['resources/read', { uri: 'b://17' }, 'b b://17'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'a_ask' } }, 'a ask'],
    ['completion/complete', { ref: { type: 'ref/resource', uri: 'b://{id}' } }, 'b b://{id}'],
  ])('finds %s of %j at %s', async (method, params, expected) => {
    expect(await route(method, params)).toBe(expected);
  });

  it('reads nothing when it is known, and each list once when it is not', async () => {
    await route('tools/call', { name: 'a_search' });
    expect(reads).toEqual(['a tools/list', 'b tools/list']);
    await route('tools/call', { name: 'b_search' });
    await expect(route('tools/call', { name: 'nope' })).rejects.toThrow();
    expect(reads).toHaveLength(2);
  });

  it.each<[string, JsonObject, string]>([
    ['tools/call', { name: 'search' }, 'Unknown tool: search'],
    ['prompts/get', { name: 'a_search' }, 'Unknown prompt: a_search'],
    ['resources/read', { uri: 'c://1' }, 'Unknown resource: c://1'],
    ['tools/call', { name: 'x'.repeat(500) }, `Unknown tool: ${'x'.repeat(200)}`],
  ])('says of %s %j that it is unknown', async (method, params, message) => {
    await expect(route(method, params)).rejects.toMatchObject({ code: 'not_found', message });
  });

  it('says who has not answered when something may be theirs', async () => {
    offers.b = new Error('down');
    await expect(route('tools/call', { name: 'b_search' })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Unknown tool: b_search. No answer yet from: b.',
      data: { missing: ['b'] },
    });
    expect(await route('tools/call', { name: 'a_search' })).toBe('a search');
  });

  it.each<[string, JsonObject, string]>([
    ['tools/call', {}, 'params.name must be a string: the tool that is meant.'],
    ['tools/call', { name: 5 }, 'params.name must be a string: the tool that is meant.'],
    ['resources/read', { name: 'x' }, 'params.uri must be a string: the resource that is meant.'],
    ['completion/complete', {}, 'params.ref must be'],
    ['completion/complete', { ref: { type: 'ref/tool', name: 'x' } }, 'params.ref must be'],
    ['completion/complete', { ref: { type: 'ref/prompt' } }, 'params.ref must be'],
    ['completion/complete', { ref: 'x' }, 'params.ref must be'],
  ])('refuses %s with %j', async (method, params, message) => {
    await expect(route(method, params)).rejects.toMatchObject({
      code: 'invalid_params',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each(['nope', 'tools/calls', 'constructor', '__proto__', 'tasks/get'])(
    'leaves the method %s to what routes others',
    async (method) => {
      expect(await route(method, {})).toBe(`other ${method}`);
    },
  );

  it('says that an upstream is not there, should that ever be', async () => {
    const handler = createResolve({ catalog, upstreams: new Map(), routeOther })(() => Promise.resolve(answer({})));
    const call = handler(createCall('tools/call', { name: 'a_search' }));
    await expect(call).rejects.toBeInstanceOf(McpError);
    await expect(call).rejects.toMatchObject({ code: 'internal' });
  });
});
