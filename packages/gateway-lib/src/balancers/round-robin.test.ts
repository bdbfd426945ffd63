import { describe, expect, it } from 'vitest';
import { FakeEndpoint } from '../../test/support/fakes.ts';
import { createRoundRobin } from './round-robin.ts';

describe('round robin', () => {
  it('takes the endpoints in turn, whoever is left', () => {
    const [a, b, c] = [new FakeEndpoint('a'), new FakeEndpoint('b'), new FakeEndpoint('c')];
    const balancer = createRoundRobin();
    const picked = [0, 1, 2, 3].map(() => balancer.pick([a, b, c]).label);
    expect(picked).toEqual(['a', 'b', 'c', 'a']);
    expect(new Set([0, 1, 2, 3].map(() => balancer.pick([a, c]).label))).toEqual(new Set(['a', 'c']));
  });

  it('says so when there is none', () => {
    expect(() => createRoundRobin().pick([])).toThrow('There is no endpoint to choose from.');
  });
});
