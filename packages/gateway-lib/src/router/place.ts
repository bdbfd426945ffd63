import type { Endpoint, Upstream } from '../core/upstream.ts';

/** An endpoint, as a sealed value names it: another replica may have the endpoints of an upstream in another order. */
export interface Place {
  readonly upstream: string;
  readonly at: number;
  readonly label: string;
}

/** Names an endpoint. */
export const placeOf = (upstream: Upstream, endpoint: Endpoint): Place => ({
  upstream: upstream.name,
  at: upstream.endpoints.indexOf(endpoint),
  label: endpoint.label,
});

/** Finds an endpoint that was named; undefined if there is none of that kind any more. */
export function endpointAt({ endpoints }: Upstream, { at, label }: Place): Endpoint | undefined {
  const there = endpoints[at];
  return there?.label === label ? there : endpoints.find((endpoint) => endpoint.label === label);
}
