import type { Connection } from '@org/mcp-sdk/connect';
import type { Endpoint, Upstream } from '../core/upstream.ts';
import type { Pick } from './pick.ts';

/** An endpoint that takes calls, and the connection to send them on. */
export interface Reached {
  readonly endpoint: Endpoint;
  readonly connection: Connection;
}

/**
 * Reaches an endpoint of an upstream. One that cannot be reached is passed over while there are others: nothing was
 * sent to it yet.
 * @param first - the endpoint to try before others
 * @throws McpError `unavailable` with the reason of the last one
 */
export async function reach(upstream: Upstream, pick: Pick, first?: Endpoint): Promise<Reached> {
  const { length } = upstream.endpoints;
  for (let left = length; ; left--) {
    const endpoint = left === length && first ? first : pick(upstream);
    try {
      return { endpoint, connection: await endpoint.connection() };
    } catch (thrown) {
      if (left <= 1) throw thrown;
    }
  }
}
