import type { Connection } from '@org/mcp-sdk/connect';
import type { TransportKind } from '../core/upstream.ts';

/** How one endpoint is reached. Drivers: `http`, `child`, `in-process`. */
export interface Transport {
  readonly kind: TransportKind;
  readonly label: string;
  /** Whether each `open` starts something that can crash, so that a loop of crashes has to be stopped. */
  readonly supervised: boolean;
  /**
   * Reaches the server and finds out what it speaks.
   * @throws McpError `unavailable` if it cannot be reached, `invalid_options` if trying again is no use
   */
  open(signal: AbortSignal): Promise<Connection>;
}
