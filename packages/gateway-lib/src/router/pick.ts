import type { Balancer } from '../balancers/balancer.ts';
import { isUsable, type Endpoint, type Upstream } from '../core/upstream.ts';

/** Chooses the endpoint of an upstream for one call. */
export type Pick = (upstream: Upstream) => Endpoint;

/**
 * Chooses among the endpoints that are ready; else among those not known to be down; else among all, to say why.
 *
 * @remarks One that is being reached again may be frozen: a call must not wait for it while another can take it.
 */
export const createPick =
  (balancerOf: (upstream: Upstream) => Balancer): Pick =>
  (upstream) =>
    balancerOf(upstream).pick(candidatesOf(upstream.endpoints));

function candidatesOf(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.length === 1) return endpoints;
  const ready = endpoints.filter(({ state }) => state.status === 'ready');
  if (ready.length > 0) return ready;
  const usable = endpoints.filter(isUsable);
  return usable.length > 0 ? usable : endpoints;
}
