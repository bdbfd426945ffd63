import { McpError } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Endpoint, Upstream } from '../core/upstream.ts';
import type { Pick } from './pick.ts';

/** An endpoint that takes calls, and the connection to send them on. */
export interface Reached {
  readonly endpoint: Endpoint;
  readonly connection: Connection;
  /** Why it is not the endpoint that was to be tried before others. */
  readonly missed?: McpError | undefined;
}

/**
 * Reaches an endpoint of an upstream; at once if it is ready. One that cannot be reached is passed over while there are
 * others: nothing was sent to it yet.
 * @param first - the endpoint to try before others
 * @returns rejects with `unavailable` and the reason of the last one
 */
export function reach(upstream: Upstream, pick: Pick, first?: Endpoint): Reached | Promise<Reached> {
  const endpoint = first ?? pick(upstream);
  const { state } = endpoint;
  return state.status === 'ready'
    ? { endpoint, connection: state.connection }
    : reachOneOf(upstream, pick, { endpoint, first });
}

interface Attempt {
  readonly endpoint: Endpoint;
  readonly first: Endpoint | undefined;
}

async function reachOneOf(upstream: Upstream, pick: Pick, { endpoint, first }: Attempt): Promise<Reached> {
  let missed: McpError | undefined;
  for (let left = upstream.endpoints.length, next = endpoint; ; left--, next = pick(upstream)) {
    try {
      return { endpoint: next, connection: await next.connection(), missed };
    } catch (thrown) {
      if (left <= 1) throw thrown;
      if (next === first) missed = McpError.from(thrown);
    }
  }
}
