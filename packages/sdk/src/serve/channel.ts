import { BriefMap } from '../core/brief-map.ts';
import { Cancellation, type SignalSource } from '../core/cancellation.ts';
import type { CallerSession, Principal, RequestId } from '../core/call.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isOfProtocol } from '../core/methods.ts';
import { errorReply, type Reply } from '../core/reply.ts';
import { silentTelemetry, type Telemetry } from '../core/telemetry.ts';
import type { Channel } from '../wire/channel.ts';
import { encodeResponse, type WireJson } from '../wire/encode.ts';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../wire/json-reader.ts';
import {
  FrameError,
  isBatch,
  readFrame,
  type Frame,
  type NotificationFrame,
  type RequestFrame,
} from '../wire/message.ts';
import { BATCH_VERSION, checkBatchSession, joinBatch, splitBatch } from './batch.ts';
import { handOn } from './hand-on.ts';
import { readInitialize } from './legacy-client.ts';
import { encodeLegacy, type LegacyAnswer, type LegacyMessage } from './legacy-questions.ts';
import { LegacySession, STATELESS } from './legacy-session.ts';
import { DRAIN_MS } from './listener.ts';
import { encodeModern, hasModernEnvelope, modernCall, modernNotification } from './modern.ts';
import { relayAnswer } from './relay.ts';
import { reportFailures } from './report.ts';

/** How long a call that was aborted has to answer before the channel is closed. Unit: ms. */
const LAST_WORDS_MS = 100;

/** Messages that are worked on at a time; another gateway may send those of all its callers here. */
const MAX_RUNNING = 10_000;

/** How a channel is served. */
export interface ChannelOptions {
  /** Limits on what the peer may send. @defaultValue {@link DEFAULT_JSON_LIMITS} */
  limits?: Partial<JsonLimits>;
  /** Who is at the other end; a function is asked for each message. @defaultValue null: nobody is known */
  principal?: Principal | null | (() => Principal | null);
  clock?: Clock;
  /** Where it is told what calls fail with. @defaultValue nowhere */
  telemetry?: Telemetry;
}

/** A handler made reachable over a channel. */
export interface ChannelServer {
  /** Resolves when the channel is closed and no call is running. */
  readonly closed: Promise<void>;
  /** How many messages are worked on: calls, and notifications that are handed on. */
  readonly running: number;
  /** Waits for the running calls up to 5 s, then closes the channel. */
  close(): Promise<void>;
}

/**
 * Serves a handler over a channel, in both eras.
 *
 * @remarks A request with the modern envelope is served statelessly; `initialize` opens the one legacy session that the
 * channel can have.
 */
export function serveChannel(handler: Handler, channel: Channel, options: ChannelOptions = {}): ChannelServer {
  return new ChannelEndpoint(handler, channel, options);
}

class ChannelEndpoint implements ChannelServer {
  readonly closed: Promise<void>;
  readonly #handler: Handler;
  readonly #channel: Channel;
  readonly #limits: JsonLimits;
  readonly #principal: () => Principal | null;
  readonly #clock: Clock;
  /** Requests of both eras that are not answered yet. */
  readonly #requests = new BriefMap<RequestId, RunningRequest>();
  readonly #work = new WorkCount();
  readonly #gone = new AbortController();
  readonly #caller = new ChannelCaller(this.#gone);
  #legacy: LegacySession | undefined;
  /** The session whose client is told of changes. */
  #told: LegacySession | undefined;

  constructor(handler: Handler, channel: Channel, options: ChannelOptions) {
    const { limits, principal = null, clock = systemClock, telemetry = silentTelemetry } = options;
    this.#handler = reportFailures(handler, telemetry);
    this.#channel = channel;
    this.#limits = { ...DEFAULT_JSON_LIMITS, ...limits };
    this.#principal = typeof principal === 'function' ? principal : () => principal;
    this.#clock = clock;
    this.closed = new Promise((resolve) => {
      channel.open({
        message: (bytes) => {
          this.#work.add(this.#receive(bytes));
        },
        close: () => {
          this.#abortAll('The connection was lost.');
          void this.#work
            .idle()
            .then(() => this.#inTime(Promise.resolve(this.#channel.close())))
            .then(() => {
              resolve();
            });
        },
      });
    });
  }

  get running(): number {
    return this.#work.count;
  }

  async close(): Promise<void> {
    this.#gone.abort();
    for (const request of this.#requests.values()) if (request.isEndless) request.abort(CLOSING);
    const idle = this.#work.idle();
    await this.#inTime(idle);
    this.#abortAll('The server is closing.');
    const isDrained = await this.#inTime(idle, LAST_WORDS_MS);
    void this.#channel.close();
    // What does not listen to its signal may never end.
    if (isDrained) await this.closed;
  }

  /** @returns whether `work` was done within `ms` */
  async #inTime(work: Promise<unknown>, ms = DRAIN_MS): Promise<boolean> {
    let cancelTimer = (): void => undefined;
    const late = new Promise<boolean>((resolve) => {
      cancelTimer = this.#clock.after(ms, () => {
        resolve(false);
      });
    });
    const isDone = await Promise.race([work.then(() => true), late]);
    cancelTimer();
    return isDone;
  }

  #abortAll(why: string): void {
    const reason = new McpError('cancelled', why);
    this.#gone.abort(reason);
    for (const request of this.#requests.values()) request.abort(reason);
    this.#legacy?.close(why);
  }

  async #receive(bytes: Uint8Array): Promise<void> {
    try {
      if (isBatch(bytes)) await this.#batch(bytes);
      else await this.#take(readFrame(bytes, this.#limits), (json) => this.#channel.send(json));
    } catch (thrown) {
      const { id, cause, isResponse } = thrown instanceof FrameError ? thrown : NO_FRAME(thrown);
      // A response is not answered, however wrong it is.
      if (isResponse) return;
      const { single } = errorReply(cause);
      if (single) void this.#channel.send(encodeResponse(id, single));
    }
  }

  async #batch(bytes: Uint8Array): Promise<void> {
    checkBatchSession(this.#legacy);
    const answers: WireJson[] = [];
    const frames = splitBatch(bytes, this.#limits).map((message) => readFrame(message, this.#limits));
    await Promise.all(
      frames.map((frame) =>
        this.#take(frame, (json, message) => {
          if (message.kind !== 'result' && message.kind !== 'error') return this.#channel.send(json);
          answers.push(json);
          return undefined;
        }),
      ),
    );
    const joined = joinBatch(answers);
    if (joined !== undefined) void this.#channel.send(joined);
  }

  async #take(frame: Frame, send: Send): Promise<void> {
    if (this.running >= MAX_RUNNING && !mayAlwaysCome(frame))
      return frame.kind === 'request' ? refuse(frame, new McpError('overloaded', TOO_MANY), send) : undefined;
    if (frame.kind === 'notification') await this.#notified(frame);
    // One that comes too late concerns nobody.
    if (frame.kind === 'response') this.#legacy?.respond(frame);
    if (frame.kind !== 'request') return;
    if (this.#requests.has(frame.id)) return refuse(frame, new McpError('invalid_request', ID_IN_USE), send);
    const request = new RunningRequest(frame.method);
    this.#requests.set(frame.id, request);
    // Nothing may follow once the caller has cancelled, but the end of what it was asked.
    const pass = (json: WireJson, message: LegacyMessage): Promise<void> | undefined =>
      !request.isCancelled || message.kind === 'withdrawal' ? send(json, message) : undefined;
    try {
      if (hasModernEnvelope(frame))
        await relayAnswer(await this.#modern(frame, request), (message) => pass(encodeModern(frame, message), message));
      else await relayAnswer(await this.#answerLegacy(frame), (message) => pass(encodeLegacy(frame, message), message));
    } finally {
      this.#requests.take(frame.id);
    }
  }

  async #modern(frame: RequestFrame, source: SignalSource): Promise<Reply> {
    try {
      return await this.#handler(modernCall(frame, { source, principal: this.#principal(), session: this.#caller }));
    } catch (thrown) {
      return errorReply(thrown);
    }
  }

  async #answerLegacy(frame: RequestFrame): Promise<LegacyAnswer> {
    try {
      if (frame.method === 'initialize') return await this.#initialize(frame);
      // A ping may come before the handshake.
      const session =
        this.#legacy ?? (frame.method === 'ping' ? new LegacySession(this.#handler, NOBODY, STATELESS) : undefined);
      if (session) return await session.answer(frame, { principal: this.#principal() });
      throw new McpError('invalid_envelope', 'The request has no modern _meta and no initialize came before it.');
    } catch (thrown) {
      return errorReply(thrown);
    }
  }

  async #initialize(frame: RequestFrame): Promise<LegacyAnswer> {
    if (this.#legacy) throw new McpError('invalid_request', 'This connection has its session already.');
    const session = new LegacySession(this.#handler, readInitialize(frame));
    this.#legacy = session;
    const reply = await session.initialize({ source: this.#gone, principal: this.#principal() });
    if (reply.peek() === 'error') this.#legacy = undefined;
    return reply;
  }

  async #notified(frame: NotificationFrame): Promise<void> {
    if (frame.method === 'notifications/cancelled') this.#cancel(frame.params.payload.value.requestId as RequestId);
    if (frame.method === 'notifications/initialized') void this.#tellChanges();
    // It is not answered, however it ends.
    await this.#handOn(frame).catch(() => undefined);
  }

  async #handOn(frame: NotificationFrame): Promise<void> {
    const principal = this.#principal();
    if (this.#legacy) await this.#legacy.notify(frame, { principal });
    if (this.#legacy || isOfProtocol(frame.method)) return;
    const context = { source: this.#gone, principal, session: this.#caller };
    await handOn(this.#handler, modernNotification(frame, context));
  }

  #cancel(id: RequestId): void {
    const request = this.#requests.get(id);
    if (!request) return;
    request.isCancelled = true;
    request.abort(new McpError('cancelled', 'Cancelled by the caller.'));
  }

  /** Tells a legacy client of changes until the channel is gone; it need not ask. */
  async #tellChanges(): Promise<void> {
    const session = this.#legacy;
    if (!session || this.#told === session) return;
    this.#told = session;
    try {
      const changes = await session.listen({ source: this.#gone, principal: this.#principal() });
      for await (const message of changes ?? []) await this.#channel.send(encodeLegacy(NO_ID, message));
    } catch {
      // A stream that breaks has nothing more to tell.
    }
  }
}

/** A request that is not answered yet. */
class RunningRequest extends Cancellation {
  isCancelled = false;
  /** A subscription has no end of its own: the channel would wait for it. */
  readonly isEndless: boolean;

  constructor(method: string) {
    super();
    this.isEndless = method === 'subscriptions/listen';
  }
}

/** Who calls over a channel: whoever is at its other end, as long as it is open. */
class ChannelCaller implements CallerSession {
  readonly isResumed = false;
  readonly #gone: AbortController;

  constructor(gone: AbortController) {
    this.#gone = gone;
  }

  get ended(): AbortSignal {
    return this.#gone.signal;
  }
}

/** Counts what is at work. */
class WorkCount {
  count = 0;
  #waiting: (() => void)[] = [];

  add(work: Promise<unknown>): void {
    this.count++;
    void work.then(this.#done, this.#done);
  }

  /** Resolves when nothing is. */
  idle(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => void this.#waiting.push(resolve));
  }

  readonly #done = (): void => {
    if (--this.count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  };
}

const CLOSING = new McpError('cancelled', 'The server is closing.');

const TOO_MANY = `At most ${MAX_RUNNING} messages are worked on at a time.`;

/** Answers, and what cancels a call, make room. */
const mayAlwaysCome = (frame: Frame): boolean =>
  frame.kind === 'response' || (frame.kind === 'notification' && frame.method === 'notifications/cancelled');

const ID_IN_USE = 'The id is in use by a running request.';

async function refuse({ id }: RequestFrame, error: McpError, send: Send): Promise<void> {
  const { single } = errorReply(error);
  if (single) await send(encodeResponse(id, single), single);
}

const NO_FRAME = (cause: unknown) => ({ id: null, cause, isResponse: false });

type Send = (json: WireJson, message: LegacyMessage) => Promise<void> | undefined;

/** What a client is told unasked answers no request. */
const NO_ID = { id: 0 };

/** Who pings before saying who it is. */
const NOBODY = { version: BATCH_VERSION, clientInfo: {}, capabilities: {} };
