import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isLegacyVersion, isModernVersion, SUPPORTED_VERSIONS } from '../core/protocol.ts';
import { errorReply } from '../core/reply.ts';
import { encodeResponse, responseParts, type WireJson } from '../wire/encode.ts';
import { HEADER } from '../wire/headers.ts';
import {
  FrameError,
  readFrame,
  type Frame,
  type NotificationFrame,
  type RequestFrame,
  type ResponseFrame,
} from '../wire/message.ts';
import { BATCH_VERSION, checkBatchSession, joinBatch, splitBatch } from './batch.ts';
import type { Edge } from './edge.ts';
import { eventStream } from './event-stream.ts';
import { emptyResponse, jsonResponse, type HttpRequest, type HttpResponse } from './http-message.ts';
import { readInitialize } from './legacy-client.ts';
import { encodeLegacy, type LegacyAnswer, type LegacyMessage } from './legacy-questions.ts';
import { LegacySession, STATELESS, type LegacyCaller } from './legacy-session.ts';
import { LegacyStreams } from './legacy-streams.ts';
import { relay } from './relay.ts';
import { SessionStore, type HttpSession } from './session-store.ts';
import { CHANGES, SessionUpkeep } from './session-upkeep.ts';
import { sharedSessions, type SessionRecord } from './shared-sessions.ts';

/** A message, and the session that it came in if that is kept. */
interface Asked<F = RequestFrame> {
  readonly frame: F;
  readonly caller: LegacyCaller;
  readonly http: HttpSession | undefined;
}

type Said = Asked<NotificationFrame | ResponseFrame>;

/** Streamable HTTP of the legacy era: sessions, their GET stream, and batches where the revision has them. */
export class LegacyHttp {
  readonly #handler: Handler;
  readonly #edge: Edge;
  readonly #streams: LegacyStreams;
  readonly #sessions: SessionStore;
  readonly #upkeep: SessionUpkeep;

  constructor(handler: Handler, edge: Edge) {
    this.#handler = handler;
    this.#edge = edge;
    const streams = new LegacyStreams(edge);
    const onGone = (session: HttpSession): void => {
      streams.drop(session);
      this.#upkeep.rest();
    };
    const shared = sharedSessions(edge);
    this.#streams = streams;
    const onResumed = (session: HttpSession, record: SessionRecord): void => {
      this.#upkeep.resumed(session, record);
    };
    this.#sessions = new SessionStore({ handler, edge, shared, onGone, onResumed });
    this.#upkeep = new SessionUpkeep(this.#sessions, shared, edge);
  }

  /** Serves GET and DELETE. */
  async handle(request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    if (!this.#edge.legacySessions)
      throw new McpError('http_method_not_allowed', 'This server keeps no sessions: POST is all there is.');
    const session = await this.#session(request, principal);
    if (request.method === 'DELETE') {
      await this.#sessions.end(session);
      return emptyResponse(200);
    }
    const before = session.stream;
    const response = await this.#streams.listen(session, request, principal);
    if (session.stream !== before) await this.#upkeep.listening(session);
    return response;
  }

  /** Serves one posted message. */
  async post(frame: Frame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    try {
      if (frame.kind === 'request' && frame.method === 'initialize')
        return await this.#initialize(frame, request, principal);
      if (isModernVersion(request.header(HEADER.protocolVersion))) throw unasked();
      const http = this.#edge.legacySessions ? await this.#session(request, principal) : undefined;
      const session = http?.session ?? this.#stateless(request);
      const caller = { principal, paramHeaders: request.headersWith(HEADER.paramPrefix) };
      if (frame.kind !== 'request') return await this.#told(session, { frame, caller, http });
      const encode = encoderOf(frame, session);
      const answering = this.#answer(session, { frame, caller, http });
      const polled = await this.#streams.poll(http, answering, encode);
      if (polled) return polled;
      const reply = await whileConnected(http, answering);
      if (reply.single) return singleResponse(frame, reply, session);
      return http
        ? this.#streams.call(http, { messages: reply.messages(), encode, source: request })
        : eventStream<LegacyMessage>(reply.messages(), { encode, ...this.#edge });
    } catch (thrown) {
      throw inAnswerTo(frame, thrown);
    }
  }

  /** Serves a batch: an array of responses, in the order of the requests. */
  async batch(body: Uint8Array, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const messages = splitBatch(body, this.#edge.limits);
    const token = request.header(HEADER.sessionId);
    const http = token === undefined ? undefined : await this.#sessions.find(token, principal);
    checkBatchSession(http?.session);
    const answers = await Promise.all(messages.map((bytes) => this.#answerInBatch(http, bytes, { principal })));
    const joined = joinBatch(answers.filter((answer) => answer !== undefined));
    return joined === undefined ? emptyResponse(202) : jsonResponse(200, [joined]);
  }

  close(): void {
    this.#upkeep.close();
    this.#sessions.close();
  }

  #answer(session: LegacySession, { frame, caller, http }: Asked): Promise<LegacyAnswer> {
    const answering = session.answer(frame, caller);
    return http && CHANGES.has(frame.method) ? this.#upkeep.changed(http, frame, answering) : answering;
  }

  async #told(session: LegacySession, { frame, caller, http }: Said): Promise<HttpResponse> {
    const isForHere = frame.kind === 'notification' ? await session.notify(frame, caller) : session.respond(frame);
    if (isForHere || (http && (await this.#upkeep.passOn(http, frame))) || frame.kind === 'notification')
      return emptyResponse(202);
    throw new McpError('invalid_request', 'No request of this server waits for that response.');
  }

  async #answerInBatch(http: HttpSession, bytes: Uint8Array, caller: LegacyCaller): Promise<WireJson | undefined> {
    try {
      const frame = readFrame(bytes, this.#edge.limits);
      if (frame.kind !== 'request') {
        await this.#told(http.session, { frame, caller, http });
        return undefined;
      }
      const answer = await finalOf(frame, await this.#answer(http.session, { frame, caller, http }));
      return http.session.hasCancelled(frame) ? undefined : answer;
    } catch (thrown) {
      const { id, cause } = thrown instanceof FrameError ? thrown : { id: null, cause: thrown };
      const { single } = errorReply(cause);
      return single && encodeResponse(id, single);
    }
  }

  async #initialize(frame: RequestFrame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    if (!this.#edge.legacySessions) {
      const session = new LegacySession(this.#handler, { ...readInitialize(frame), capabilities: {} }, STATELESS);
      return singleResponse(frame, await session.initialize({ source: request, principal }), session);
    }
    const created = await this.#sessions.create(readInitialize(frame), principal);
    this.#upkeep.begin();
    const reply = await created.session.initialize({ source: request, principal });
    if (reply.single?.kind === 'result')
      return jsonResponse(200, responseParts(frame.id, reply.single), { [HEADER.sessionId]: created.token });
    await this.#sessions.end(created);
    return singleResponse(frame, reply, created.session);
  }

  /** What one request needs of a session; nothing of it stays. */
  #stateless(request: HttpRequest): LegacySession {
    const version = request.header(HEADER.protocolVersion) ?? BATCH_VERSION;
    return new LegacySession(this.#handler, { version, clientInfo: {}, capabilities: {} }, STATELESS);
  }

  /** The session that a request names. @throws McpError if it names none, or a wrong one */
  async #session(request: HttpRequest, principal: Principal | null): Promise<HttpSession> {
    const token = request.header(HEADER.sessionId);
    // The modern era has these methods neither.
    if (token === undefined && request.method !== 'POST')
      throw new McpError('http_method_not_allowed', `HTTP ${request.method} needs the session that initialize opens.`);
    const version = request.header(HEADER.protocolVersion);
    if (version !== undefined && !isLegacyVersion(version))
      throw new McpError('unsupported_protocol_version', `The revision ${version.slice(0, 40)} is not served.`, {
        data: { supported: SUPPORTED_VERSIONS, requested: version },
      });
    if (token !== undefined) return this.#sessions.find(token, principal);
    throw new McpError(
      'invalid_request',
      'The request has neither the _meta of a modern request nor the Mcp-Session-Id that initialize answers with.',
    );
  }
}

/** Waits for an answer that goes to an open connection. */
async function whileConnected(http: HttpSession | undefined, answering: Promise<LegacyAnswer>): Promise<LegacyAnswer> {
  if (!http) return answering;
  http.connections++;
  try {
    return await answering;
  } finally {
    http.connections--;
  }
}

const unasked = (): McpError =>
  new McpError('invalid_request', 'This revision answers by calling again, with inputResponses.');

/** What was thrown, with the id that the caller waits for. */
const inAnswerTo = (frame: Frame, thrown: unknown): unknown =>
  thrown instanceof FrameError || frame.kind === 'notification'
    ? thrown
    : new FrameError(frame.id, McpError.from(thrown));

/** Writes what goes to the caller of a request; nothing follows once it has cancelled it, but the end of what it was asked. */
const encoderOf =
  (frame: RequestFrame, session: LegacySession) =>
  (message: LegacyMessage): WireJson | undefined =>
    session.hasCancelled(frame) && message.kind !== 'withdrawal' ? undefined : encodeLegacy(frame, message);

function singleResponse(frame: RequestFrame, reply: LegacyAnswer, session: LegacySession): HttpResponse {
  if (!reply.single || session.hasCancelled(frame)) return emptyResponse(202);
  return jsonResponse(legacyStatus(reply, session), responseParts(frame.id, reply.single), reply.headers);
}

/** A legacy client reads 404 as the end of its session, so an answer to a call has it only then. */
function legacyStatus({ status }: LegacyAnswer, session: LegacySession): number {
  if (status === 404 && session.isOver) return 404;
  return status === 404 || status === 400 ? 200 : status;
}

async function finalOf(frame: RequestFrame, reply: LegacyAnswer): Promise<WireJson | undefined> {
  let final: WireJson | undefined;
  await relay<LegacyMessage>(reply.messages(), (message) => {
    // The response is one array: there is no stream that a question could go on.
    if (message.kind === 'question')
      throw new McpError('invalid_request', 'A call in a batch cannot ask; send the request on its own.');
    if (message.kind === 'result' || message.kind === 'error') final = encodeResponse(frame.id, message);
    return undefined;
  });
  return final;
}
