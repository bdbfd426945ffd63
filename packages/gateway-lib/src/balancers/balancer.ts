import type { Endpoint } from '../core/upstream.ts';

/** Chooses an endpoint for a call. */
export interface Balancer {
  /** @param endpoints - at least one, already filtered by health */
  pick(endpoints: readonly Endpoint[]): Endpoint;
}
