import type { Call, CallerSession } from '@org/mcp-sdk';

/**
 * Who shares a session of a legacy server. `shared`: all callers that can be asked the same. `session`: one conversation
 * of a caller. `principal`: whoever acts under one subject.
 */
export type Isolation = 'shared' | 'session' | 'principal';

/** Those values, for checks. */
export const ISOLATIONS: readonly Isolation[] = ['shared', 'session', 'principal'];

/** Whose a session is. */
export interface Tenant {
  /** The same for calls that share a session. */
  readonly key: string;
  /** The conversation that it is kept for, and ends with. */
  readonly conversation?: CallerSession | undefined;
  /** Whether it is all callers, whoever they are: what one of them has, or is asked, is not another's. @defaultValue false */
  readonly isEverybody?: boolean;
  /** Nothing tells the next call of this caller from another's: what was opened for it ends with it. @defaultValue false */
  readonly isOneCall?: boolean;
}

/** All callers. */
export const EVERYBODY: Tenant = { key: '', isEverybody: true };

/** Whoever is anonymous, taken for one. */
const NOBODY: Tenant = { key: '' };

/** Tells apart whose call it is. */
export class Tenants {
  readonly #isolation: Isolation;
  readonly #conversations = new WeakMap<CallerSession, Tenant>();
  #count = 0;

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  get areIsolated(): boolean {
    return this.#isolation !== 'shared';
  }

  /**
   * The tenant of a call. Modern callers over HTTP have no conversation: their principal tells them apart, and who is
   * anonymous is a tenant for one call only.
   */
  of({ principal, session }: Call): Tenant {
    if (this.#isolation === 'shared') return EVERYBODY;
    if (this.#isolation === 'session' && session) return this.#conversation(session);
    if (principal) return { key: `principal ${JSON.stringify([principal.issuer ?? null, principal.subject])}` };
    return this.#isolation === 'principal' ? NOBODY : { key: `call ${++this.#count}`, isOneCall: true };
  }

  #conversation(session: CallerSession): Tenant {
    const known = this.#conversations.get(session) ?? { key: `session ${++this.#count}`, conversation: session };
    this.#conversations.set(session, known);
    return known;
  }
}
