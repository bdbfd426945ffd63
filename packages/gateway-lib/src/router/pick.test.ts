import { describe, expect, it } from 'vitest';
import { FakeConnection, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { createRoundRobin } from '../balancers/round-robin.ts';
import type { EndpointState } from '../core/upstream.ts';
import { createPick } from './pick.ts';

const STATES = {
  idle: { status: 'idle' },
  first: { status: 'connecting', first: true },
  again: { status: 'connecting', first: false },
  ready: { status: 'ready', connection: new FakeConnection() },
  down: { status: 'down', reason: 'x' },
  stopped: { status: 'stopped', reason: 'x' },
} as const satisfies Record<string, EndpointState>;
type Name = keyof typeof STATES;

/** Labels of the endpoints that are picked out of endpoints in these states. */
function picked(...names: Name[]): string[] {
  const endpoints = names.map((name) => Object.assign(new FakeEndpoint(name), { state: STATES[name] }));
  const balancer = createRoundRobin();
  const pick = createPick(() => balancer);
  const upstream = upstreamOf('up', ...endpoints);
  return [...new Set(Array.from({ length: 10 }, () => pick(upstream).label))].sort();
}

describe('picking an endpoint', () => {
  it.each<[Name[], Name[]]>([
    [['ready', 'idle', 'first', 'again', 'down', 'stopped'], ['ready']],
    [
      ['again', 'down', 'idle'],
      ['again', 'idle'],
    ],
    [['first', 'stopped'], ['first']],
    [
      ['down', 'stopped'],
      ['down', 'stopped'],
    ],
    [['down'], ['down']],
    [['again'], ['again']],
  ])('out of %j takes %j', (states, expected) => {
    expect(picked(...states)).toEqual([...expected].sort());
  });
});
