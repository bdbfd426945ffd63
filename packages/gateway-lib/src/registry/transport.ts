import type { Connection, ConnectOptions } from '@org/mcp-sdk/connect';
import type { TransportKind } from '../core/upstream.ts';

/** As whom a legacy server is reached: what it is told when its session is opened. */
export type SessionTerms = Pick<ConnectOptions, 'clientCapabilities' | 'answer' | 'reopens'>;

/** How one endpoint is reached. Drivers: `http`, `web-socket`, `child`, `in-process`. */
export interface Transport {
  readonly kind: TransportKind;
  readonly label: string;
  /** Whether each `open` starts something that can crash, so that a loop of crashes has to be stopped. */
  readonly supervised: boolean;
  /**
   * Reaches the server and finds out what it speaks.
   * @param terms - for a legacy one @defaultValue nothing can be asked
   * @throws McpError `unavailable` if it cannot be reached, `invalid_options` if trying again is no use
   */
  open(signal: AbortSignal, terms?: SessionTerms): Promise<Connection>;
}
