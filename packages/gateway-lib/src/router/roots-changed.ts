import { noReply, type Handler } from '@org/mcp-sdk';
import type { Upstream } from '../core/upstream.ts';

/**
 * Tells the servers that may have asked a caller for its roots that these have changed: legacy ones, and of their
 * sessions those that are kept for this caller. Modern servers ask in each call anew.
 */
export const createRootsChanged =
  (upstreams: ReadonlyMap<string, Upstream>): Handler =>
  async (call) => {
    const endpoints = [...upstreams.values()].flatMap((upstream) => upstream.endpoints);
    const connections = endpoints.flatMap(({ state }) => (state.status === 'ready' ? [state.connection] : []));
    const legacy = connections.filter(({ era }) => era === 'legacy');
    // One that is gone asks again when it is back.
    await Promise.allSettled(legacy.map(({ handler }) => handler(call)));
    return noReply();
  };
