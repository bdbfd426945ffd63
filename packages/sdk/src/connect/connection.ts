import type { ClientIdentity } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import type { EraVerdict } from './era-verdict.ts';
import type { ServerRequestHandler } from './link.ts';
import type { Era } from '../core/protocol.ts';

/** What a server said of itself. */
export interface ServerDescription {
  readonly serverInfo: JsonObject | undefined;
  readonly capabilities: JsonObject;
  readonly instructions: string | undefined;
}

/** A remote server as a handler. */
export interface Connection {
  readonly handler: Handler;
  /** The era in which the server is spoken to. */
  readonly era: Era;
  /** The revision in which it is spoken to. */
  readonly version: string;
  readonly server: ServerDescription;
  /** Asks for a sign of life. @throws McpError if there is none before `signal` aborts */
  ping(signal: AbortSignal): Promise<void>;
  /** Resolves when the server is gone. */
  readonly closed: Promise<unknown>;
  /** Lets go of the server; running calls fail. */
  close(): Promise<void>;
}

/** How to connect. */
export interface ConnectOptions {
  /** Who connects, as told to the server. */
  clientInfo: ClientIdentity;
  /** What the client can be asked, as told to the server. @defaultValue `{}`: nothing */
  clientCapabilities?: JsonObject;
  /**
   * Whether a legacy session that the server has forgotten is opened again. Without that the connection ends: what the
   * server knew of its one caller would be lost silently.
   * @defaultValue true
   */
  reopens?: boolean;
  /** Answers what a legacy server asks. Modern servers ask in their results. @defaultValue nothing is answered */
  answer?: ServerRequestHandler;
  /** Gives up when aborted. */
  signal: AbortSignal;
  /** How long a pipe may be silent before its server counts as legacy. Unit: ms, from 1. @defaultValue 5_000 */
  probeTimeoutMs?: number;
  /** `legacy` speaks that era without asking for another. @defaultValue the modern era if the server speaks it */
  era?: Era;
  /** The era that was found before; kept up to date. @defaultValue nothing is known */
  verdict?: EraVerdict;
  clock: Clock;
}
