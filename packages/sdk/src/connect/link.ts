import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Era } from '../core/protocol.ts';
import type { FinalMessage, Reply } from '../core/reply.ts';
import type { ReadTerms } from '../wire/json-reader.ts';
import type { NotificationFrame, RequestFrame } from '../wire/message.ts';

/** Limits on what a server sends: it is configured, not anyone, and lists of thousands of tools are its business. */
export const RESPONSE_LIMITS: ReadTerms = { maxDepth: 512, maxElements: 10_000_000, trustsText: true };

/** What a legacy server asks of its client. */
export interface ServerRequest {
  readonly method: string;
  readonly params: JsonObject;
  /** Aborts when the server no longer waits. */
  readonly signal: AbortSignal;
  /** The call in which the server asks; null if that has ended, undefined where the transport does not tell. */
  readonly call: Call | null | undefined;
}

/** Answers a request of a legacy server; what it throws becomes the error. */
export type ServerRequestHandler = (request: ServerRequest) => Promise<JsonObject>;

/** A way to one server, before anything is known of its era. */
export interface Link {
  /** What the link leads to, for messages; never with a credential. */
  readonly label: string;
  /** Whether a probe that is not answered means legacy (a pipe) or an outage (HTTP). */
  readonly silenceMeansLegacy: boolean;
  /** Sends a call as it is and collects its reply; of a notification the reply says that it was sent. */
  readonly send: Handler;
  /** Answers what a legacy server asks of its client. Without it a server learns that nothing can be asked. */
  onRequest?: ServerRequestHandler | undefined;
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

/** What tells of the server, not of the call on whose stream it may come. */
const CHANGES: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);

/** Whether a notification on the stream of `call` belongs to those that listen to the server. */
export const isForListeners = (call: Call, { method }: NotificationFrame): boolean =>
  CHANGES.has(method) && call.method !== 'subscriptions/listen';

/** Reads a reply to its end, whatever it says: a server that answers is there. */
export async function readToEnd(reply: Reply): Promise<void> {
  const messages = reply.messages()[Symbol.asyncIterator]();
  while ((await messages.next()).done !== true);
}

const MISSING_CAPABILITY = -32021;

/** What a server is answered that sends a request: alive, and what the client declared that it can be asked. */
export async function answerToServer(
  { method, params }: RequestFrame,
  answer: ServerRequestHandler | undefined,
  asked: Pick<ServerRequest, 'signal' | 'call'>,
): Promise<FinalMessage> {
  if (method === 'ping') return { kind: 'result', result: Payload.of<JsonObject>({}) };
  try {
    if (answer)
      return { kind: 'result', result: Payload.of(await answer({ method, params: params.payload.value, ...asked })) };
    throw new McpError('method_not_found', `${method}: the client declared no capability for it.`);
  } catch (thrown) {
    const rpc = McpError.from(thrown).toRpc();
    // Legacy servers know no code of the modern era: what nobody declared is a method that is not there.
    return { kind: 'error', error: Payload.of(rpc.code === MISSING_CAPABILITY ? { ...rpc, code: -32601 } : rpc) };
  }
}
