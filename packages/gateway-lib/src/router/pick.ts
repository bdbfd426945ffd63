import type { Balancer } from '../balancers/balancer.ts';
import { isUsable, type Endpoint, type Upstream } from '../core/upstream.ts';

/** Chooses the endpoint of an upstream for one call. */
export type Pick = (upstream: Upstream) => Endpoint;

/** Chooses among the endpoints that are not known to be down; among all when none is left, to say why. */
export const createPick =
  (balancerOf: (upstream: Upstream) => Balancer): Pick =>
  (upstream) => {
    const { endpoints } = upstream;
    const usable = endpoints.length === 1 ? endpoints : endpoints.filter(isUsable);
    return balancerOf(upstream).pick(usable.length > 0 ? usable : endpoints);
  };
