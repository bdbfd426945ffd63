import type { Call, Principal, RequestId } from '../core/call.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { isLogLevel, LOG_LEVELS, META, MODERN_VERSION, type LogLevel } from '../core/protocol.ts';
import { errorReply, resultReply, type NotificationMessage, type Reply } from '../core/reply.ts';
import type { NotificationFrame, RequestFrame } from '../wire/message.ts';
import { patchMeta } from '../wire/params.ts';
import type { LegacyClient } from './legacy-client.ts';
import { legacyReply } from './legacy-result.ts';
import { tokenOf } from './modern.ts';

/** Who sends a request of a session: scopes may differ from one to the next. */
export interface LegacyCaller {
  readonly principal: Principal | null;
  readonly paramHeaders?: Record<string, string> | undefined;
}

/** Who waits for what the handler tells, and for how long. */
export interface LegacyListener {
  readonly signal: AbortSignal;
  readonly principal: Principal | null;
}

/** What the capabilities a handler sees leave out: nothing that is asked can reach a legacy caller here. */
const ASKABLE = new Set(['sampling', 'elicitation', 'roots', 'tasks']);

/** Methods that a legacy caller does not know. */
const MODERN_ONLY = new Set(['server/discover', 'subscriptions/listen']);

/**
 * One legacy client: keeps what its era says once and stamps it on each call, so that the handler sees modern calls.
 */
export class LegacySession {
  readonly client: LegacyClient;
  readonly #handler: Handler;
  readonly #inFlight = new Map<RequestId, { frame: RequestFrame; controller: AbortController }>();
  readonly #cancelled = new WeakSet<RequestFrame>();
  readonly #stamp: Record<string, string>;
  #logLevel: LogLevel | undefined;

  constructor(handler: Handler, client: LegacyClient) {
    this.#handler = handler;
    this.client = client;
    const askless = Object.entries(client.capabilities).filter(([name]) => !ASKABLE.has(name));
    this.#stamp = {
      [META.protocolVersion]: JSON.stringify(MODERN_VERSION),
      [META.clientInfo]: JSON.stringify(client.clientInfo),
      [META.clientCapabilities]: JSON.stringify(Object.fromEntries(askless)),
    };
  }

  /** Answers `initialize` with what the handler says of itself. */
  async initialize(listener: LegacyListener): Promise<Reply> {
    const reply = await this.#handler(createCall('server/discover', {}, listener)).catch(errorReply);
    if (reply.peek() === 'error') return reply;
    const discovered = await reply.result();
    const meta: JsonObject = isJsonObject(discovered._meta) ? discovered._meta : {};
    const { instructions } = discovered;
    return resultReply(
      Payload.of<JsonObject>({
        protocolVersion: this.client.version,
        capabilities: discovered.capabilities ?? {},
        serverInfo: meta[META.serverInfo] ?? { name: 'unnamed', version: '0.0.0' },
        ...(instructions === undefined ? {} : { instructions }),
      }),
    );
  }

  /** Answers a request of the session. Rejects never: what goes wrong is the reply. */
  async answer(frame: RequestFrame, caller: LegacyCaller): Promise<Reply> {
    try {
      if (frame.method === 'ping') return resultReply(Payload.of<JsonObject>({}));
      if (frame.method === 'logging/setLevel') return this.#setLevel(frame);
      if (MODERN_ONLY.has(frame.method)) throw new McpError('method_not_found', `Unknown method: ${frame.method}`);
      return legacyReply(frame.method, await this.#forward(frame, caller));
    } catch (thrown) {
      return errorReply(thrown);
    }
  }

  /** Takes a notification of the client. */
  notify(frame: NotificationFrame): void {
    if (frame.method !== 'notifications/cancelled') return;
    const { requestId, reason } = frame.params.payload.value;
    const running = this.#inFlight.get(requestId as RequestId);
    if (!running) return;
    this.#cancelled.add(running.frame);
    running.controller.abort(
      new McpError('cancelled', `Cancelled by the caller${typeof reason === 'string' ? `: ${reason}` : ''}.`),
    );
  }

  /** Whether the client has cancelled a request: it wants no answer then. */
  hasCancelled(frame: RequestFrame): boolean {
    return this.#cancelled.has(frame);
  }

  /**
   * Opens the stream of changes, as this client knows them; undefined if the handler does not tell of any.
   * @returns rejects if the listener has gone before it is open
   */
  async listen(listener: LegacyListener): Promise<AsyncIterable<NotificationMessage> | undefined> {
    const { signal } = listener;
    signal.throwIfAborted();
    const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const call = createCall('subscriptions/listen', { notifications }, listener);
    const reply = await this.#handler({ ...call, era: 'legacy' }).catch(errorReply);
    // What looks at the signal from now on is not told of what has been.
    if (signal.aborted) reply.cancel(signal.reason);
    signal.throwIfAborted();
    return reply.single ? undefined : changesOnly(reply);
  }

  /** Whether a call is running. */
  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Cancels what is still running. */
  close(reason: string): void {
    for (const { controller } of this.#inFlight.values()) controller.abort(new McpError('cancelled', reason));
  }

  async #forward(frame: RequestFrame, caller: LegacyCaller): Promise<Reply> {
    if (this.#inFlight.has(frame.id)) throw new McpError('invalid_request', 'The id is in use by a running request.');
    const controller = new AbortController();
    this.#inFlight.set(frame.id, { frame, controller });
    try {
      const reply = await this.#handler(this.#call(frame, controller.signal, caller));
      void reply.done.then(() => this.#inFlight.delete(frame.id));
      return reply;
    } catch (thrown) {
      this.#inFlight.delete(frame.id);
      throw thrown;
    }
  }

  #call(frame: RequestFrame, signal: AbortSignal, caller: LegacyCaller): Call {
    const { meta = {}, payload, target } = frame.params;
    const level = this.#logLevel && JSON.stringify(this.#logLevel);
    return {
      method: frame.method,
      target,
      params: patchMeta(payload, { ...this.#stamp, [META.logLevel]: level }),
      era: 'legacy',
      signal,
      principal: caller.principal,
      round: 0,
      progressToken: tokenOf(meta),
      logLevel: this.#logLevel,
      paramHeaders: caller.paramHeaders,
    };
  }

  #setLevel(frame: RequestFrame): Reply {
    const { level } = frame.params.payload.value;
    if (!isLogLevel(level)) throw new McpError('invalid_params', `level must be one of ${LOG_LEVELS.join(', ')}.`);
    this.#logLevel = level;
    return resultReply(Payload.of<JsonObject>({}));
  }
}

async function* changesOnly(reply: Reply): AsyncGenerator<NotificationMessage> {
  for await (const message of reply.messages()) {
    if (message.kind !== 'notification') return;
    if (message.method === 'notifications/subscriptions/acknowledged') continue;
    yield { ...message, params: patchMeta(message.params, { [META.subscriptionId]: undefined }) };
  }
}
