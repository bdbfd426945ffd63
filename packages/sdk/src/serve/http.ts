import { EdgeCall, type InnerCall, type Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isOfProtocol } from '../core/methods.ts';
import { isModernVersion, META } from '../core/protocol.ts';
import { errorReply, type FinalMessage, type Reply } from '../core/reply.ts';
import { ACCEPT, checkMirroredHeaders, HEADER } from '../wire/headers.ts';
import {
  FrameError,
  isBatch,
  readFrame,
  type Frame,
  type NotificationFrame,
  type RequestFrame,
} from '../wire/message.ts';
import { resolveEdge, type Edge, type EdgeOptions } from './edge.ts';
import { eventStream } from './event-stream.ts';
import { handOn } from './hand-on.ts';
import {
  emptyResponse,
  errorResponse,
  jsonResponse,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
} from './http-message.ts';
import { LegacyHttp } from './legacy-http.ts';
import { encodeModern, hasModernEnvelope, modernCall, modernNotification, modernParts } from './modern.ts';
import { reportFailure, reportFailures } from './report.ts';
import { SseHttp } from './sse.ts';

/** A handler made reachable over Streamable HTTP, in both eras. */
export interface HttpServer {
  readonly handle: HttpHandler;
  /** Ends sessions of HTTP+SSE once their calls have ended, after 5 s in any case. */
  drain(): void;
  /** Ends legacy streams and cancels their calls. */
  close(): void;
}

/**
 * Serves a handler over Streamable HTTP.
 *
 * @remarks The era of a message is in the message: one with the modern envelope is served statelessly, `initialize`
 * opens a legacy session.
 * @param Made - what modern calls are made to; a handler that makes others of them at once needs no signal in them
 * @throws McpError `invalid_options` if an option is wrong
 */
export function serveHttp(handler: Handler, options: EdgeOptions = {}, Made: typeof InnerCall = EdgeCall): HttpServer {
  const endpoint = new HttpEndpoint(handler, resolveEdge(options), Made);
  return {
    handle: (request) => endpoint.handle(request),
    drain: () => {
      endpoint.drain();
    },
    close: () => {
      endpoint.close();
    },
  };
}

class HttpEndpoint {
  readonly #handler: Handler;
  readonly #edge: Edge;
  readonly #Made: typeof InnerCall;
  readonly #legacy: LegacyHttp;
  readonly #sse: SseHttp | undefined;

  constructor(handler: Handler, edge: Edge, Made: typeof InnerCall) {
    this.#handler = handler;
    this.#edge = edge;
    this.#Made = Made;
    const reporting = reportFailures(handler, edge.telemetry);
    this.#legacy = new LegacyHttp(reporting, edge);
    this.#sse = edge.sse ? new SseHttp(reporting, edge) : undefined;
  }

  /** One function from the request to its response: each more that waits costs its part of a call's time. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    let modern: RequestFrame | undefined;
    try {
      const admitted = this.#edge.admit(request);
      const principal = admitted instanceof Promise ? await admitted : admitted;
      if (request.method !== 'POST') return await this.#withoutBody(request, principal);
      checkContentType(request.header('content-type'));
      if (this.#sse?.isFor(request)) return await this.#sse.handle(request, principal);
      checkAccept(request.header('accept'));
      const body = await request.body(this.#edge.limits.maxBytes);
      if (isBatch(body)) return await this.#legacy.batch(body, request, principal);
      const frame = readFrame(body, this.#edge.limits);
      if (!isModern(frame, request)) return await this.#former(frame, request, principal);
      modern = frame;
      return this.#respond(frame, await this.#answer(frame, request, principal));
    } catch (thrown) {
      if (!modern || thrown instanceof FrameError) return this.#refuse(thrown);
      reportFailure(modern.method, modern.params.target, { thrown, telemetry: this.#edge.telemetry });
      return this.#failed(modern, thrown);
    }
  }

  #failed(frame: RequestFrame, thrown: unknown): HttpResponse {
    try {
      return this.#respond(frame, errorReply(thrown));
    } catch (unsent) {
      // What an error carries along may be no JSON either.
      return this.#refuse(unsent);
    }
  }

  drain(): void {
    this.#sse?.drain();
  }

  close(): void {
    this.#legacy.close();
    this.drain();
  }

  async #withoutBody(request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    if (this.#sse?.isFor(request)) return this.#sse.handle(request, principal);
    if (request.method === 'GET' || request.method === 'DELETE') return this.#legacy.handle(request, principal);
    throw new McpError('http_method_not_allowed', `HTTP ${request.method.slice(0, 20)} is not served here.`);
  }

  /** Serves what is no request of the modern era. */
  #former(frame: Frame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    if (isModernNotification(frame, request)) return this.#notified(frame, request, principal);
    return this.#legacy.post(frame, request, principal);
  }

  #answer(frame: RequestFrame, request: HttpRequest, principal: Principal | null): Promise<Reply> {
    const version = String(frame.params.meta?.protocolVersion);
    checkMirroredHeaders(request, { version, method: frame.method, target: frame.params.target });
    // None is not unknown: a tool that mirrors parameters in headers must be sent them.
    const paramHeaders = request.headersWith(HEADER.paramPrefix) ?? NO_HEADERS;
    return this.#handler(modernCall(frame, { source: request, principal, paramHeaders }, this.#Made));
  }

  #respond(frame: RequestFrame, reply: Reply): HttpResponse {
    if (reply.single) return singleResponse(frame, reply.single, reply);
    const { clock, keepAliveMs } = this.#edge;
    return eventStream(reply.messages(), { encode: (message) => encodeModern(frame, message), clock, keepAliveMs });
  }

  /** The modern era has none of its own over HTTP; official clients send `notifications/cancelled` all the same. */
  async #notified(frame: NotificationFrame, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    if (!isOfProtocol(frame.method))
      await handOn(
        reportFailures(this.#handler, this.#edge.telemetry),
        modernNotification(frame, { source: request, principal }),
      );
    return emptyResponse(202);
  }

  #refuse(thrown: unknown): HttpResponse {
    const [id, error] = thrown instanceof FrameError ? [thrown.id, thrown.cause] : [null, McpError.from(thrown)];
    this.#edge.telemetry.record({
      name: 'http.refused',
      severity: error.code === 'internal' ? 'error' : 'debug',
      fields: { code: error.code, message: error.message },
    });
    // A peer that went away reads no body.
    return error.code === 'cancelled' ? emptyResponse(error.status) : errorResponse(id, error);
  }
}

function singleResponse(frame: RequestFrame, message: FinalMessage, { status, headers }: Reply): HttpResponse {
  try {
    return jsonResponse(status, modernParts(frame, message), headers);
  } catch (thrown) {
    // A value that no JSON can hold is found only now.
    throw new FrameError(frame.id, McpError.from(thrown));
  }
}

/**
 * Tells the eras apart: by the envelope in the body, which the header may not contradict.
 * @throws FrameError if the header names a modern revision and the envelope is missing
 */
function isModern(frame: Frame, request: HttpRequest): frame is RequestFrame {
  if (frame.kind !== 'request') return false;
  if (hasModernEnvelope(frame)) return true;
  if (!isModernVersion(request.header(HEADER.protocolVersion))) return false;
  const missing = `params._meta["${META.protocolVersion}"] is missing; each request must carry it.`;
  throw new FrameError(frame.id, new McpError('invalid_envelope', missing));
}

/** Whether a modern caller sent it: the envelope says so, or without one the header. */
const isModernNotification = (frame: Frame, request: HttpRequest): frame is NotificationFrame =>
  frame.kind === 'notification' &&
  isModernVersion(frame.params.meta?.protocolVersion ?? request.header(HEADER.protocolVersion));

const NO_HEADERS: Readonly<Record<string, string>> = {};

function checkContentType(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  if (contentType !== undefined && /^\s*application\/json\s*(;|$)/i.test(contentType)) return;
  throw new McpError('unsupported_media_type', 'Content-Type must be application/json.');
}

function checkAccept(accept: string | undefined): void {
  if (accept === undefined || accept === ACCEPT || /application\/(json|\*)|\*\/\*/i.test(accept)) return;
  throw new McpError('not_acceptable', 'Accept must list application/json and text/event-stream.');
}
