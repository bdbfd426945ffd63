import type { SignalSource } from '../core/cancellation.ts';
import { changedCall, createInnerCall, EdgeCall, type Call, type Principal } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';

/** Whom a session makes a call for, and what ends it. */
export interface LegacyCallOptions {
  readonly source: SignalSource;
  readonly principal: Principal | null;
}

/** A call that a session makes because its client has none like it; no signal is made that nobody looks at. */
export const legacyCall = (method: string, params: JsonObject, { source, principal }: LegacyCallOptions): Call =>
  new EdgeCall(changedCall(createInnerCall(method, params, { principal }), { era: 'legacy' }), source);
