import type { Principal } from '../core/call.ts';

/** Whom a session belongs to. */
export type SessionOwner = Pick<Principal, 'subject' | 'issuer'>;

/** Whether a principal is the owner. Two issuers may both have a subject of that name. */
export const isSame = (one: SessionOwner | null, other: SessionOwner | null): boolean =>
  one?.subject === other?.subject && one?.issuer === other?.issuer;

/** The owner that a principal is. */
export const ownerOf = (principal: Principal | null): SessionOwner | null =>
  principal && { subject: principal.subject, ...(principal.issuer === undefined ? {} : { issuer: principal.issuer }) };
