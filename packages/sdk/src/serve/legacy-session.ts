import { createCall, EdgeCall, type Call, type Principal, type RequestId, type SignalSource } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { systemClock } from '../core/clock.ts';
import { Payload } from '../core/payload.ts';
import { systemRandom } from '../core/random.ts';
import { isLogLevel, LOG_LEVELS, META, MODERN_VERSION, type LogLevel } from '../core/protocol.ts';
import { errorReply, resultReply, type NotificationMessage, type Reply } from '../core/reply.ts';
import type { NotificationFrame, RequestFrame, ResponseFrame } from '../wire/message.ts';
import { patchMeta, type MetaPatch } from '../wire/params.ts';
import { PushQueue } from '../wire/queue.ts';
import type { LegacyClient } from './legacy-client.ts';
import { LegacyQuestions, type LegacyAnswer, type QuestionTools } from './legacy-questions.ts';
import { legacyMessages, legacyReply } from './legacy-result.ts';
import { legacyRounds } from './legacy-rounds.ts';
import { LegacySubscriptions } from './legacy-subscriptions.ts';
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

/** Tasks of the legacy era are not those of the modern one. */
const LEGACY_ONLY = new Set(['tasks']);

const SYSTEM: QuestionTools = { clock: systemClock, random: systemRandom };

/** Methods by which a legacy caller watches resources. */
const SUBSCRIPTION = new Set(['resources/subscribe', 'resources/unsubscribe']);

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
  /** The same for each call until the level changes: what it says is parsed once. */
  #stamp: MetaPatch;
  readonly #questions: LegacyQuestions;
  readonly #listeners = new Set<PushQueue<NotificationMessage>>();
  readonly #subscriptions: LegacySubscriptions;
  #logLevel: LogLevel | undefined;

  constructor(handler: Handler, client: LegacyClient, tools: QuestionTools = SYSTEM) {
    this.#handler = handler;
    this.#subscriptions = new LegacySubscriptions(handler, (update) => {
      for (const told of this.#listeners) told.push(update);
    });
    this.client = client;
    this.#questions = new LegacyQuestions(client.capabilities, tools);
    const known = Object.entries(client.capabilities).filter(([name]) => !LEGACY_ONLY.has(name));
    this.#stamp = {
      [META.protocolVersion]: JSON.stringify(MODERN_VERSION),
      [META.clientInfo]: JSON.stringify(client.clientInfo),
      [META.clientCapabilities]: JSON.stringify(Object.fromEntries(known)),
      // None that the caller writes there counts: its level is what it has set.
      [META.logLevel]: undefined,
    };
  }

  /** Answers `initialize` with what the handler says of itself. */
  async initialize(listener: LegacyListener): Promise<Reply> {
    const reply = await this.#handler({ ...createCall('server/discover', {}, listener), era: 'legacy' }).catch(
      errorReply,
    );
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
  async answer(frame: RequestFrame, caller: LegacyCaller): Promise<LegacyAnswer> {
    try {
      if (frame.method === 'ping') return resultReply(Payload.of<JsonObject>({}));
      if (frame.method === 'logging/setLevel') return this.#setLevel(frame);
      if (SUBSCRIPTION.has(frame.method)) return await this.#subscription(frame, caller);
      if (MODERN_ONLY.has(frame.method)) throw new McpError('method_not_found', `Unknown method: ${frame.method}`);
      return await this.#forward(frame, caller);
    } catch (thrown) {
      return errorReply(thrown);
    }
  }

  /** Takes a response of the client. @returns whether a question waited for it */
  respond(frame: ResponseFrame): boolean {
    return this.#questions.take(frame);
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
    return reply.single ? undefined : this.#told(reply);
  }

  /** Whether a call is running. */
  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Cancels what is still running. */
  close(reason: string): void {
    for (const { controller } of this.#inFlight.values()) controller.abort(new McpError('cancelled', reason));
    this.#subscriptions.close();
  }

  async #subscription(frame: RequestFrame, caller: LegacyCaller): Promise<Reply> {
    const { uri } = frame.params.payload.value;
    if (frame.method === 'resources/subscribe') await this.#subscriptions.subscribe(uri, caller.principal);
    else this.#subscriptions.unsubscribe(uri);
    return resultReply(Payload.of<JsonObject>({}));
  }

  /** What changes, and the updates of the resources that the session watches, in one stream. */
  #told(changes: Reply): AsyncIterable<NotificationMessage> {
    const told = new PushQueue<NotificationMessage>();
    this.#listeners.add(told);
    const over = (error?: unknown): void => {
      this.#listeners.delete(told);
      told.end(error);
    };
    void (async () => {
      for await (const change of changesOnly(changes)) told.push(change);
    })().then(() => {
      over();
    }, over);
    return told;
  }

  async #forward(frame: RequestFrame, caller: LegacyCaller): Promise<LegacyAnswer> {
    if (this.#inFlight.has(frame.id)) throw new McpError('invalid_request', 'The id is in use by a running request.');
    const controller = new AbortController();
    this.#inFlight.set(frame.id, { frame, controller });
    try {
      const call = this.#call(frame, controller, caller);
      const reply = await this.#handler(call);
      if (!reply.single || reply.peek() === 'input_required') return this.#converse(frame, reply, call);
      this.#inFlight.delete(frame.id);
      return legacyReply(frame.method, reply);
    } catch (thrown) {
      this.#inFlight.delete(frame.id);
      throw thrown;
    }
  }

  #converse(frame: RequestFrame, first: Reply, call: Call): LegacyAnswer {
    const rounds = legacyRounds(first, { handler: this.#handler, questions: this.#questions, call });
    const over = (): void => void this.#inFlight.delete(frame.id);
    return { status: 200, single: undefined, messages: () => legacyMessages(frame.method, rounds, over) };
  }

  #call(frame: RequestFrame, source: SignalSource, caller: LegacyCaller): Call {
    const { meta, payload, target } = frame.params;
    const call = {
      method: frame.method,
      target,
      params: patchMeta(payload, this.#stamp),
      era: 'legacy',
      principal: caller.principal,
      round: 0,
      progressToken: tokenOf(meta),
      logLevel: this.#logLevel,
      paramHeaders: caller.paramHeaders,
    } as const;
    return new EdgeCall(call, source);
  }

  #setLevel(frame: RequestFrame): Reply {
    const { level } = frame.params.payload.value;
    if (!isLogLevel(level)) throw new McpError('invalid_params', `level must be one of ${LOG_LEVELS.join(', ')}.`);
    this.#logLevel = level;
    this.#stamp = { ...this.#stamp, [META.logLevel]: JSON.stringify(level) };
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
