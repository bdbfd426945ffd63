import { McpError, type Clock, type Middleware } from '@org/mcp-sdk';

/**
 * Refuses tool calls of principals that lack a scope.
 *
 * @remarks Callers without a principal pass: who they are is for the edge to ask (`authenticate` of the gateway). A
 * server in the same process trusts what the edge has established.
 */
export const requireScope =
  (scope: string): Middleware =>
  (next) =>
  async (call) => {
    if (call.method !== 'tools/call' || !call.principal || call.principal.scopes.has(scope)) return next(call);
    throw new McpError('forbidden', `Calling this tool needs the scope "${scope}"; ask for a token that has it.`);
  };

/** How many calls may pass. */
export interface RateLimitOptions {
  /** Calls that may come at once; from 1. */
  readonly burst: number;
  /** Calls that may come for long. Unit: per second. */
  readonly perSecond: number;
  /** Tells the time; tests bring their own. */
  readonly clock: Clock;
}

/** Lets tool calls pass while there are tokens in the bucket, which fills again with time. */
export function createRateLimit({ burst, perSecond, clock }: RateLimitOptions): Middleware {
  let tokens = burst;
  let filledAt = clock.now();
  return (next) => async (call) => {
    if (call.method !== 'tools/call') return next(call);
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) throw tooMany(Math.ceil(((1 - tokens) / perSecond) * 1000));
    tokens--;
    return next(call);
  };
}

const tooMany = (retryAfterMs: number): McpError =>
  new McpError('overloaded', `Too many calls; try again in ${retryAfterMs} ms.`, { data: { retryAfterMs } });
