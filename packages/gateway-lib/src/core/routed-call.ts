import type { Call } from '@org/mcp-sdk';
import type { Upstream } from './upstream.ts';

/** Where a call goes: an upstream, and what its target is called there. */
export interface Route {
  readonly upstream: Upstream;
  /** Name or URI as the upstream knows it. */
  readonly target: string;
}

/** A call whose upstream is known. */
export interface RoutedCall extends Call {
  readonly route: Route;
}
