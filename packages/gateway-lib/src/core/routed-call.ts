import { EdgeCall, type Call } from '@org/mcp-sdk';
import { changedCall, InnerCall, type CallChanges } from '@org/mcp-sdk/wire';
import type { Endpoint, Upstream } from './upstream.ts';

/** Where a call goes: an upstream, and what its target is called there. */
export interface Route {
  readonly upstream: Upstream;
  /** Name or URI as the upstream knows it. */
  readonly target: string;
  /** The endpoint that holds what the call is about: it takes the call if it can be reached. @defaultValue any */
  readonly endpoint?: Endpoint | undefined;
}

/** A call whose upstream is known. */
export interface RoutedCall extends Call {
  readonly route: Route;
}

/** A call with its route, as the first stage makes it. It is ended by whatever ends the call that came in. */
export class Routed extends InnerCall implements RoutedCall {
  readonly route: Route;

  constructor(call: Call, route: Route) {
    super(call, call);
    this.route = route;
  }
}

/** The same, as functions of the host get it. */
export class ExposedCall extends EdgeCall implements RoutedCall {
  readonly route: Route;

  constructor(call: RoutedCall) {
    super(call, call);
    this.route = call.route;
  }
}

/** A call like another one, on the same route unless it is given one. */
export const changedRouted = (call: RoutedCall, changes: CallChanges, route = call.route): RoutedCall =>
  new Routed(changedCall(call, changes), route);
