import type { Connection } from '@org/mcp-sdk/connect';

/** How an endpoint is reached. */
export type TransportKind = 'http' | 'websocket' | 'stdio' | 'in-process';

/**
 * What an endpoint is doing.
 *
 * `idle`: nobody needed it yet. `connecting`: being reached, for the first time or again; `reason` is why it
 * was not the last time. `ready`: takes calls.
 * `down`: was reached or tried and does not answer; it is tried again. `stopped`: given up, or closed.
 */
export type EndpointState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly first: boolean; readonly reason?: string }
  | { readonly status: 'ready'; readonly connection: Connection }
  | { readonly status: 'down'; readonly reason: string }
  | { readonly status: 'stopped'; readonly reason: string };

/** Why an endpoint takes no calls, or did not before it was reached again. */
export const reasonOf = (state: EndpointState): string | undefined => ('reason' in state ? state.reason : undefined);

/** A call that an endpoint is working on, as the endpoint sees it. */
export interface InFlight {
  /** Ends the call for a fault of the endpoint. */
  fail(reason: Error): void;
}

/** Leave to work on a call. */
export interface Permit {
  /** Counts the call out; a second time does nothing. */
  release(): void;
}

/** One reachable instance of an upstream. */
export interface Endpoint {
  /** What it is in messages: a URL without query, a command; never with a credential. */
  readonly label: string;
  readonly kind: TransportKind;
  readonly state: EndpointState;
  /** Calls that it is working on. */
  readonly load: number;
  /**
   * The connection to send a call on.
   * @throws McpError `unavailable` at once when it is known to be down
   */
  connection(): Promise<Connection>;
  /** Counts a call in. */
  enter(call: InFlight): Permit;
  /** Told when sending a call failed because there was no answer. */
  suspect(reason: string): void;
}

/** A named logical MCP server. */
export interface Upstream {
  readonly name: string;
  /** At least one. */
  readonly endpoints: readonly Endpoint[];
  /** Limit for one call, to the end of its reply. Unit: ms. */
  readonly timeoutMs: number;
}

/** Whether an endpoint can take a call now or soon. */
export const isUsable = ({ state }: Endpoint): boolean => state.status !== 'down' && state.status !== 'stopped';
