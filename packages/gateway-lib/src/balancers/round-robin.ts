import { McpError } from '@org/mcp-sdk';
import type { Balancer } from './balancer.ts';

/** Takes the endpoints in turn. */
export function createRoundRobin(): Balancer {
  let next = 0;
  return {
    pick(endpoints) {
      const endpoint = endpoints[next++ % endpoints.length];
      if (!endpoint) throw new McpError('unavailable', 'There is no endpoint to choose from.');
      return endpoint;
    },
  };
}
