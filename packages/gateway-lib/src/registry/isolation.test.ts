import { createCall, type CallerSession, type Principal } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { Tenants, type Isolation } from './isolation.ts';

const conversation = (): CallerSession => ({ ended: new AbortController().signal, isResumed: false });
const principal = (subject: string, issuer?: string): Principal => ({
  subject,
  scopes: new Set(),
  ...(issuer === undefined ? {} : { issuer }),
});

const keys = (isolation: Isolation, callers: { session?: CallerSession; principal?: Principal }[]): string[] => {
  const tenants = new Tenants(isolation);
  return callers.map((caller) => tenants.of(createCall('tools/call', { name: 't' }, caller)).key);
};

describe('a session of a legacy server', () => {
  it('is everybody’s where it is shared', () => {
    const all = keys('shared', [{}, { session: conversation() }, { principal: principal('ada') }]);
    expect(new Set(all)).toEqual(new Set(['']));
  });

  it('is one conversation’s: the same principal has another for its next', () => {
    const [one, other] = [conversation(), conversation()];
    const ada = principal('ada');
    const [first, again, next] = keys('session', [
      { session: one, principal: ada },
      { session: one, principal: ada },
      { session: other, principal: ada },
    ]);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
  });

  it('is a principal’s where there is no conversation, and one call’s for the anonymous', () => {
    const [ada, adaAgain, nobody, nobodyAgain] = keys('session', [
      { principal: principal('ada') },
      { principal: principal('ada') },
      {},
      {},
    ]);
    expect(adaAgain).toBe(ada);
    expect(new Set([ada, nobody, nobodyAgain]).size).toBe(3);
    expect(new Tenants('session').of(createCall('tools/call', { name: 't' })).isOneCall).toBe(true);
  });

  it('is a principal’s, whoever issued it apart, and one for all anonymous', () => {
    const [ada, conversing, issued, nobody, nobodyElse] = keys('principal', [
      { principal: principal('ada') },
      { principal: principal('ada'), session: conversation() },
      { principal: principal('ada', 'https://issuer.example') },
      {},
      { session: conversation() },
    ]);
    expect(conversing).toBe(ada);
    expect(issued).not.toBe(ada);
    expect([nobody, nobodyElse]).toEqual(['', '']);
  });
});
