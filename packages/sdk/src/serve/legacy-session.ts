import { Cancellation, type SignalSource } from '../core/cancellation.ts';
import { EdgeCall, type Call, type CallerSession, type Principal, type RequestId } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isOfProtocol, ROOTS_CHANGED } from '../core/methods.ts';
import { systemClock } from '../core/clock.ts';
import { Payload } from '../core/payload.ts';
import { systemRandom } from '../core/random.ts';
import { isLogLevel, LOG_LEVELS, META, MODERN_VERSION, type LogLevel } from '../core/protocol.ts';
import { errorReply, resultReply, type Reply } from '../core/reply.ts';
import type { NotificationFrame, RequestFrame, ResponseFrame } from '../wire/message.ts';
import { patchMeta, withoutAnswers, withoutTask, type MetaPatch } from '../wire/params.ts';
import { handOn } from './hand-on.ts';
import { capabilitiesFor, hasTasks, modernCapabilities } from './legacy-capabilities.ts';
import { legacyCall } from './legacy-call.ts';
import { isWatch, LegacyChanges, type LegacyListener, type ToldMessage } from './legacy-changes.ts';
import type { LegacyClient } from './legacy-client.ts';
import { LegacyQuestions, type LegacyAnswer, type QuestionTools } from './legacy-questions.ts';
import { legacyMessages, legacyReply, type LegacyRequest } from './legacy-result.ts';
import { legacyRounds } from './legacy-rounds.ts';
import { tokenOf } from './modern.ts';

/** Who sends a request of a session: scopes may differ from one to the next. */
export interface LegacyCaller {
  readonly principal: Principal | null;
  readonly paramHeaders?: Record<string, string> | undefined;
}

/** What a session works with, and who keeps it. */
export interface SessionTools extends QuestionTools {
  /** Whether it is there for one request only: nothing can be kept for it. @defaultValue false */
  readonly isStateless?: boolean;
  /** Whether it may have begun elsewhere. @defaultValue false */
  readonly isResumed?: boolean;
  /** The level that was set elsewhere. @defaultValue none: the client gets no log messages */
  readonly logLevel?: LogLevel | undefined;
  /** Ends it where it is kept. @defaultValue it cannot be ended from inside */
  readonly onEnd?: (reason: string) => void;
}

const SYSTEM: SessionTools = { clock: systemClock, random: systemRandom };

/** What a client has told another replica. */
export interface SaidElsewhere {
  readonly logLevel?: LogLevel;
  /** URIs of resources. */
  readonly watched: readonly string[];
}

/** For a session that lasts as long as one request. */
export const STATELESS: SessionTools = { ...SYSTEM, isStateless: true };

/** Calls of a session that run at a time: they go on without their connection, so nothing else bounds them. */
const MAX_RUNNING = 10_000;

/** Methods that a legacy caller does not know. */
const MODERN_ONLY = new Set(['server/discover', 'subscriptions/listen']);

/**
 * One legacy client: keeps what its era says once and stamps it on each call, so that the handler sees modern calls.
 */
export class LegacySession implements CallerSession {
  readonly client: LegacyClient;
  readonly #handler: Handler;
  readonly #inFlight = new Map<RequestId, { frame: RequestFrame; ending: Cancellation }>();
  /** Most sessions cancel nothing. */
  #cancelled: WeakSet<RequestFrame> | undefined;
  /** The same for each call until the level changes: what it says is parsed once. */
  #stamp: MetaPatch;
  readonly #tools: SessionTools;
  /** There once one is asked. */
  #asked: LegacyQuestions | undefined;
  readonly isResumed: boolean;
  readonly end: ((reason: string) => void) | undefined;
  readonly #isStateless: boolean;
  readonly #over = new Cancellation();
  readonly #changes: LegacyChanges;
  #logLevel: LogLevel | undefined;

  constructor(handler: Handler, client: LegacyClient, tools: SessionTools = SYSTEM) {
    this.#handler = handler;
    this.isResumed = tools.isResumed ?? false;
    this.end = tools.onEnd;
    this.#isStateless = tools.isStateless ?? false;
    this.#changes = new LegacyChanges(handler);
    this.client = client;
    this.#tools = tools;
    this.#stamp = {
      [META.protocolVersion]: JSON.stringify(MODERN_VERSION),
      [META.clientInfo]: JSON.stringify(client.clientInfo),
      [META.clientCapabilities]: JSON.stringify(modernCapabilities(client.capabilities)),
      // None that the caller writes there counts: its level is what it has set.
      [META.logLevel]: undefined,
    };
    this.#setLogLevel(tools.logLevel);
  }

  /** Answers `initialize` with what the handler says of itself. */
  async initialize(listener: LegacyListener): Promise<Reply> {
    const reply = await this.#handler(legacyCall('server/discover', {}, listener)).catch(errorReply);
    if (reply.peek() === 'error') return reply;
    const discovered = await reply.result();
    const meta: JsonObject = isJsonObject(discovered._meta) ? discovered._meta : {};
    const { instructions } = discovered;
    return resultReply(
      Payload.of<JsonObject>({
        protocolVersion: this.client.version,
        capabilities: capabilitiesFor(
          this.client.version,
          isJsonObject(discovered.capabilities) ? discovered.capabilities : {},
        ),
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
      if (isWatch(frame)) {
        await this.#changes.watch(frame, caller.principal);
        return resultReply(Payload.of<JsonObject>({}));
      }
      if (MODERN_ONLY.has(frame.method)) throw new McpError('method_not_found', `Unknown method: ${frame.method}`);
      return await this.#forward(frame, caller);
    } catch (thrown) {
      return legacyReply(this.#requestOf(frame), errorReply(thrown));
    }
  }

  /** Takes a response of the client. @returns whether a question waited for it */
  respond(frame: ResponseFrame): boolean {
    return this.#asked?.take(frame) ?? false;
  }

  /**
   * Takes a notification of the client.
   * @returns false if it cancels a call that does not run here
   * @throws McpError if whoever it is for could not be told
   */
  async notify(frame: NotificationFrame, caller: LegacyCaller): Promise<boolean> {
    if (frame.method === 'notifications/cancelled') return this.#cancel(frame);
    if (this.#isForHandler(frame))
      await handOn(this.#handler, { ...this.#call(frame, this.#over, caller), isNotification: true });
    return true;
  }

  /** Of those of its era only this one says what a server may have kept; the others end here. */
  #isForHandler({ method }: NotificationFrame): boolean {
    const { roots } = this.client.capabilities;
    return method === ROOTS_CHANGED ? isJsonObject(roots) && roots.listChanged === true : !isOfProtocol(method);
  }

  #cancel({ params }: NotificationFrame): boolean {
    const { requestId, reason } = params.payload.value;
    const running = this.#inFlight.get(requestId as RequestId);
    if (!running) return false;
    (this.#cancelled ??= new WeakSet()).add(running.frame);
    running.ending.abort(
      new McpError('cancelled', `Cancelled by the caller${typeof reason === 'string' ? `: ${reason}` : ''}.`),
    );
    return true;
  }

  /** Goes on with what was said elsewhere. @returns rejects with why a resource could not be watched */
  async adopt({ logLevel, watched }: SaidElsewhere, principal: Principal | null): Promise<void> {
    this.#setLogLevel(logLevel);
    await this.#changes.watchOnly(watched, principal);
  }

  /** Whether the client has cancelled a request: it wants no answer then. */
  hasCancelled(frame: RequestFrame): boolean {
    return this.#cancelled?.has(frame) === true;
  }

  /**
   * Opens the stream of changes, as this client knows them; undefined if the handler does not tell of any.
   * @returns rejects if the listener has gone before it is open
   */
  listen(listener: LegacyListener): Promise<AsyncIterable<ToldMessage> | undefined> {
    return this.#changes.listen(listener);
  }

  get ended(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether it was closed. */
  get isOver(): boolean {
    return this.#over.isAborted;
  }

  /** Asks the client on the stream on which it is told of changes: no call is there that it could be asked in. */
  readonly ask = async (method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const listener = this.#changes.newest;
    if (!listener) throw new McpError('method_not_found', `${method}: this client listens on no stream.`);
    const asking = this.#questions().ask({ asked: { method, params } }, signal);
    for (;;) {
      const step = await asking.next();
      if (step.done === true) return step.value.asked ?? {};
      listener.push(step.value);
    }
  };

  /** Whether a call is running. */
  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Cancels what is still running. */
  close(reason: string): void {
    this.#over.abort(new McpError('cancelled', reason));
    for (const { ending } of this.#inFlight.values()) ending.abort(new McpError('cancelled', reason));
    this.#changes.close();
  }

  async #forward(frame: RequestFrame, caller: LegacyCaller): Promise<LegacyAnswer> {
    if (this.#inFlight.has(frame.id)) throw new McpError('invalid_request', 'The id is in use by a running request.');
    if (this.#inFlight.size >= MAX_RUNNING)
      throw new McpError('overloaded', `A session has at most ${MAX_RUNNING} running calls.`);
    const ending = new Cancellation();
    this.#inFlight.set(frame.id, { frame, ending });
    try {
      const call = this.#call(frame, ending, caller);
      const reply = await this.#handler(call);
      if (!reply.single || reply.peek() === 'input_required') return this.#converse(frame, reply, call);
      this.#inFlight.delete(frame.id);
      return legacyReply(this.#requestOf(frame), reply);
    } catch (thrown) {
      this.#inFlight.delete(frame.id);
      throw thrown;
    }
  }

  #questions(): LegacyQuestions {
    return (this.#asked ??= new LegacyQuestions(this.client.capabilities, this.#tools, this.isResumed));
  }

  #requestOf({ method }: RequestFrame): LegacyRequest {
    return { method, version: this.client.version };
  }

  #converse(frame: RequestFrame, first: Reply, call: Call): LegacyAnswer {
    const rounds = legacyRounds(first, { handler: this.#handler, questions: this.#questions(), call });
    const over = (): void => void this.#inFlight.delete(frame.id);
    return { status: 200, single: undefined, messages: () => legacyMessages(this.#requestOf(frame), rounds, over) };
  }

  #call(frame: RequestFrame | NotificationFrame, source: SignalSource, caller: LegacyCaller): Call {
    const { meta, payload, target, retry } = frame.params;
    // A state that an edge has not opened could be anybody's.
    const given = retry && isOfProtocol(frame.method) ? withoutAnswers(payload) : payload;
    const call = {
      method: frame.method,
      target,
      params: patchMeta(hasTasks(this.client.version) ? given : withoutTask(frame.method, given), this.#stamp),
      era: 'legacy',
      principal: caller.principal,
      round: 0,
      progressToken: tokenOf(meta),
      logLevel: this.#logLevel,
      paramHeaders: caller.paramHeaders,
      session: this.#isStateless ? undefined : this,
    } as const;
    return new EdgeCall(call, source);
  }

  #setLevel(frame: RequestFrame): Reply {
    const { level } = frame.params.payload.value;
    if (!isLogLevel(level)) throw new McpError('invalid_params', `level must be one of ${LOG_LEVELS.join(', ')}.`);
    this.#setLogLevel(level);
    return resultReply(Payload.of<JsonObject>({}));
  }

  #setLogLevel(level: LogLevel | undefined): void {
    if (level === this.#logLevel) return;
    this.#logLevel = level;
    this.#stamp = { ...this.#stamp, [META.logLevel]: level && JSON.stringify(level) };
  }
}
