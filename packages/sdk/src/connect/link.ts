import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Era } from '../core/protocol.ts';
import type { FinalMessage } from '../core/reply.ts';
import type { JsonLimits } from '../wire/json-reader.ts';
import type { NotificationFrame } from '../wire/message.ts';

/** Limits on what a server sends: it is configured, not anyone, and lists of thousands of tools are its business. */
export const RESPONSE_LIMITS: JsonLimits = { maxDepth: 512, maxElements: 10_000_000 };

/** A way to one server, before anything is known of its era. */
export interface Link {
  /** What the link leads to, for messages; never with a credential. */
  readonly label: string;
  /** Whether a probe that is not answered means legacy (a pipe) or an outage (HTTP). */
  readonly silenceMeansLegacy: boolean;
  /** Sends a call as it is and collects its reply. */
  readonly send: Handler;
  /** Sends a notification. */
  notify(method: string, params: Payload<JsonObject>): Promise<void>;
  /** Calls back for notifications that belong to no call; returns what ends it. */
  subscribe(listener: (frame: NotificationFrame) => void): () => void;
  /** Told once the era is known; `version` is the revision of a legacy session. */
  settle(era: Era, version: string): void;
  /** Resolves when the server is gone, with the reason. */
  readonly closed: Promise<unknown>;
  /** Ends the link. */
  close(): Promise<void>;
}

/** Whether a server may be told that nobody waits for `call` any more; the specification forbids it for `initialize`. */
export const isCancellable = (call: Call): boolean => call.method !== 'initialize';

/** What a server is answered that sends a request: alive, and nothing else, for no capability was declared. */
export function answerToServer(method: string): FinalMessage {
  if (method === 'ping') return { kind: 'result', result: Payload.of<JsonObject>({}) };
  const error = new McpError('method_not_found', `${method}: the client declared no capability for it.`);
  return { kind: 'error', error: Payload.of(error.toRpc()) };
}
