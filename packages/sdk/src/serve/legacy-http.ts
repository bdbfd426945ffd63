import type { Principal, RequestId } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isLegacyVersion, isModernVersion, SUPPORTED_VERSIONS } from '../core/protocol.ts';
import { errorReply, type Message, type Reply } from '../core/reply.ts';
import { encodeNotification, encodeResponse, type WireJson } from '../wire/encode.ts';
import { joinJson } from '../core/payload.ts';
import { HEADER } from '../wire/headers.ts';
import { FrameError, readBatch, readFrame, type Frame, type RequestFrame } from '../wire/message.ts';
import type { Edge } from './edge.ts';
import { eventStream } from './event-stream.ts';
import { emptyResponse, jsonResponse, type HttpRequest, type HttpResponse } from './http-message.ts';
import { readInitialize, type LegacySession } from './legacy-session.ts';
import { relay } from './relay.ts';
import { SessionStore, type HttpSession } from './session-store.ts';

/** The revision that requires JSON-RPC batches to be received. */
const BATCH_VERSION = '2025-03-26';

/** Streamable HTTP of the legacy era: sessions, their GET stream, and batches where the revision has them. */
export class LegacyHttp {
  readonly #edge: Edge;
  readonly #sessions: SessionStore;

  constructor(handler: Handler, edge: Edge) {
    this.#edge = edge;
    this.#sessions = new SessionStore(handler, edge);
  }

  /** Serves GET and DELETE. */
  async handle(request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const session = await this.#session(request, principal);
    if (request.method === 'DELETE') {
      this.#sessions.end(session);
      return emptyResponse(200);
    }
    return this.#listen(session, request);
  }

  /** Serves one posted message. */
  async post(frame: Frame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    try {
      if (frame.kind === 'request' && frame.method === 'initialize')
        return await this.#initialize(frame, request, principal);
      // Nothing of the modern era is told by a notification; official clients send cancelled all the same.
      if (frame.kind === 'notification' && isModernVersion(request.header(HEADER.protocolVersion)))
        return emptyResponse(202);
      const { session } = await this.#session(request, principal);
      if (frame.kind === 'notification') session.notify(frame);
      if (frame.kind === 'response')
        throw new McpError('invalid_request', 'No request of this server waits for that response.');
      if (frame.kind !== 'request') return emptyResponse(202);
      const reply = await session.answer(frame, request.headersWith(HEADER.paramPrefix));
      return this.#respond(frame, reply, session);
    } catch (thrown) {
      throw thrown instanceof FrameError || frame.kind === 'notification'
        ? thrown
        : new FrameError(frame.id, McpError.from(thrown));
    }
  }

  /** Serves a batch: an array of responses, in the order of the requests. */
  async batch(body: Uint8Array, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const messages = readBatch(body, this.#edge.limits);
    const { session } = await this.#batchSession(request, principal);
    const answers = messages.map((bytes) => this.#answerInBatch(session, bytes));
    const responses = (await Promise.all(answers)).filter((answer) => answer !== undefined);
    if (responses.length === 0) return emptyResponse(202);
    const list = responses.flatMap((response, index) => (index === 0 ? [response] : [',', response]));
    return jsonResponse(200, joinJson(['[', ...list, ']']));
  }

  close(): void {
    this.#sessions.close();
  }

  async #answerInBatch(session: LegacySession, bytes: Uint8Array): Promise<WireJson | undefined> {
    try {
      const frame = readFrame(bytes, this.#edge.limits);
      if (frame.kind === 'notification') session.notify(frame);
      return frame.kind === 'request' ? await finalOf(frame, await session.answer(frame)) : undefined;
    } catch (thrown) {
      const { id, cause } = thrown instanceof FrameError ? thrown : { id: null, cause: thrown };
      const { single } = errorReply(cause);
      return single && encodeResponse(id, single);
    }
  }

  async #batchSession(request: HttpRequest, principal: Principal | null): Promise<HttpSession> {
    const token = request.header(HEADER.sessionId);
    const found = token === undefined ? undefined : await this.#sessions.find(token, principal);
    if (found?.session.client.version === BATCH_VERSION) return found;
    throw new McpError('invalid_request', `A batch is only received in a session of revision ${BATCH_VERSION}.`);
  }

  async #initialize(frame: RequestFrame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const created = await this.#sessions.create(readInitialize(frame), principal);
    const reply = await created.session.initialize(request.signal);
    if (reply.single?.kind === 'result')
      return jsonResponse(200, encodeResponse(frame.id, reply.single), { [HEADER.sessionId]: created.token });
    this.#sessions.end(created);
    return this.#respond(frame, reply, created.session);
  }

  /** The session that a request names. @throws McpError if it names none, or a wrong one */
  async #session(request: HttpRequest, principal: Principal | null): Promise<HttpSession> {
    const version = request.header(HEADER.protocolVersion);
    if (version !== undefined && !isLegacyVersion(version))
      throw new McpError('unsupported_protocol_version', `The revision ${version.slice(0, 40)} is not served.`, {
        data: { supported: SUPPORTED_VERSIONS, requested: version },
      });
    const token = request.header(HEADER.sessionId);
    if (token !== undefined) return this.#sessions.find(token, principal);
    if (request.method !== 'POST')
      throw new McpError('http_method_not_allowed', `HTTP ${request.method} needs the session that initialize opens.`);
    throw new McpError(
      'invalid_request',
      'The request has neither the _meta of a modern request nor the Mcp-Session-Id that initialize answers with.',
    );
  }

  /** The one stream of a session; a new one takes over, for the old one's connection may be dead. */
  async #listen(http: HttpSession, request: HttpRequest): Promise<HttpResponse> {
    http.stream?.abort();
    const stream = new AbortController();
    http.stream = stream;
    const messages = await http.session.listen(AbortSignal.any([stream.signal, request.signal]));
    if (!messages) throw new McpError('http_method_not_allowed', 'This server does not tell of changes.');
    return this.#events(messages, (message) => encode(NO_ID, message));
  }

  #respond(frame: RequestFrame, reply: Reply, session: LegacySession): HttpResponse {
    const write = (message: Message): WireJson | undefined =>
      session.hasCancelled(frame) ? undefined : encode(frame.id, message);
    if (!reply.single) return this.#events(reply.messages(), write);
    const json = write(reply.single);
    return json === undefined ? emptyResponse(202) : jsonResponse(legacyStatus(reply), json);
  }

  #events(messages: AsyncIterable<Message>, encode: (message: Message) => WireJson | undefined): HttpResponse {
    return eventStream(messages, { encode, clock: this.#edge.clock, keepAliveMs: this.#edge.keepAliveMs });
  }
}

/** The GET stream carries notifications only, which have none. */
const NO_ID = 0;

/** A legacy client reads 404 as the end of its session, so an answer to a call never has it. */
const legacyStatus = (reply: Reply): number => (reply.status === 404 || reply.status === 400 ? 200 : reply.status);

const encode = (id: RequestId, message: Message): WireJson =>
  message.kind === 'notification' ? encodeNotification(message.method, message.params) : encodeResponse(id, message);

async function finalOf(frame: RequestFrame, reply: Reply): Promise<WireJson | undefined> {
  let final: WireJson | undefined;
  await relay(reply.messages(), (message) => {
    if (message.kind !== 'notification') final = encodeResponse(frame.id, message);
    return undefined;
  });
  return final;
}
