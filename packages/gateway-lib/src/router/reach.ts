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
 * Reaches an endpoint of an upstream. One that cannot be reached is passed over while there are others: nothing was
 * sent to it yet.
 * @param first - the endpoint to try before others
 * @throws McpError `unavailable` with the reason of the last one
 */
export async function reach(upstream: Upstream, pick: Pick, first?: Endpoint): Promise<Reached> {
  const { length } = upstream.endpoints;
  let missed: McpError | undefined;
  for (let left = length; ; left--) {
    const endpoint = left === length && first ? first : pick(upstream);
    try {
      return { endpoint, connection: await endpoint.connection(), missed };
    } catch (thrown) {
      if (left <= 1) throw thrown;
      if (endpoint === first) missed = McpError.from(thrown);
    }
  }
}
