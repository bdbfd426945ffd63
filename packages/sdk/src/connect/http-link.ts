import type { Call, RequestId } from '../core/call.ts';
import { onAbort } from '../core/cancellation.ts';
import { isRpcError, McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { MODERN_VERSION, type Era } from '../core/protocol.ts';
import { noReply, type Reply } from '../core/reply.ts';
import { encodeNotification, encodeRequest, encodeResponse, type WireJson } from '../wire/encode.ts';
import { finalMessage, singleReply } from '../wire/exchange.ts';
import { ACCEPT, HEADER } from '../wire/headers.ts';
import { FrameError, readFrame, type Frame, type NotificationFrame, type RequestFrame } from '../wire/message.ts';
import { patchMeta, tokenPatch } from '../wire/params.ts';
import { decodeEvents, type StreamCursor } from '../wire/sse.ts';
import { MAX_RESPONSE_BYTES, type HttpClient, type HttpClientResponse } from './http-client.ts';
import { ModernHeaders, PostedCall } from './posted-call.ts';
import { replyFromStream, type Frames } from './http-stream.ts';
import { ResumableStream, type Position } from './resumable.ts';
import {
  answerToServer,
  isCancellable,
  isForListeners,
  RESPONSE_LIMITS,
  type Link,
  type ServerRequestHandler,
} from './link.ts';

const encoder = new TextEncoder();

const CANCELLED = 'notifications/cancelled';

/** Makes a {@link Link} over Streamable HTTP. */
export function linkOverHttp(client: HttpClient, url: URL, headers: Readonly<Record<string, string>> = {}): Link {
  return new HttpLink(client, url, headers);
}

/** What leads to a server over HTTP. */
export interface HttpSource {
  readonly client: HttpClient;
  readonly url: URL;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One server over Streamable HTTP: stateless in the modern era, a session in the legacy one. */
export class HttpLink implements Link {
  readonly label: string;
  readonly silenceMeansLegacy = false;
  readonly closed: Promise<unknown>;
  onRequest: ServerRequestHandler | undefined;
  /** Where the server is, and how HTTP is spoken to it. */
  readonly source: HttpSource;
  readonly #client: HttpClient;
  readonly #listeners = new Set<(frame: NotificationFrame) => void>();
  readonly #base: Record<string, string>;
  readonly #modernHeaders: ModernHeaders;
  /** Running answers to the server's own requests. */
  readonly #answering = new Map<RequestId, AbortController>();
  /** Undefined until it is known. */
  #era: Era | undefined;
  #sessionId: string | undefined;
  /** Of calls in the session at hand. */
  #legacyHeaders: Record<string, string> | undefined;
  /** What `initialize` was answered with; calls go under it once the session is agreed. */
  #newSessionId: string | undefined;
  #close!: () => void;
  #nextId = 1;

  constructor(client: HttpClient, url: URL, headers: Readonly<Record<string, string>>) {
    this.source = { client, url, headers };
    this.#client = client;
    // The path may hold a credential.
    this.label = url.origin;
    this.#base = {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      'content-type': 'application/json',
      accept: ACCEPT,
      [HEADER.protocolVersion]: MODERN_VERSION,
    };
    this.#modernHeaders = new ModernHeaders(this.#base);
    this.closed = new Promise((resolve) => {
      this.#close = () => {
        resolve('closed');
      };
    });
  }

  readonly send = async (call: Call): Promise<Reply> => {
    if (call.isNotification) return this.#tell(call);
    const id = this.#nextId++;
    const params = call.progressToken === undefined ? call.params : patchMeta(call.params, tokenPatch(id));
    const headers = this.#headersFor(call);
    const forget = this.#era === 'legacy' && isCancellable(call) ? this.#tellWhenCancelled(call, id) : undefined;
    const response = await this.#client.request(new PostedCall(call, headers, encodeRequest(id, call.method, params)));
    if (call.method === 'initialize') this.#newSessionId = response.header(HEADER.sessionId);
    if (isAboutTheServer(response.status, call, headers)) throw statusError(this.label, response, wordsOf(response));
    const reply =
      response.body instanceof Uint8Array
        ? this.#single(response, response.body, id)
        : await replyFromStream({ ...this.#streamOf(response, call, id), call, id, label: this.label });
    if (forget) void reply.done.then(forget);
    return reply;
  };

  async #tell(call: Call): Promise<Reply> {
    const body = encodeNotification(call.method, call.params);
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(NOTIFY_TIMEOUT_MS)]);
    const response = await this.#client.request({ method: 'POST', headers: this.#headersFor(call), body, signal });
    response.cancel();
    if (response.status >= 300) throw statusError(this.label, response, wordsOf(response));
    return noReply();
  }

  #streamOf(response: HttpClientResponse, call: Call, id: RequestId): { frames: Frames; cancel: () => void } {
    const { signal } = call;
    const stream = new ResumableStream({
      response,
      id,
      signal,
      read: (body, at) => this.#frames(body, at, { call, id }),
      // The modern era knows no ids: its servers send none.
      resume: (lastEventId) => this.#get(signal, lastEventId),
    });
    return {
      frames: stream.frames(),
      cancel: () => {
        stream.cancel();
      },
    };
  }

  notify(method: string, params: Payload<JsonObject>): Promise<void> {
    return this.#post(encodeNotification(method, params));
  }

  subscribe(listener: (frame: NotificationFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  settle(era: Era, version: string): void {
    this.#era = era;
    this.#base[HEADER.protocolVersion] = version;
    this.#sessionId = era === 'modern' ? undefined : this.#newSessionId;
    this.#legacyHeaders = undefined;
  }

  /** The legacy session that calls go under; undefined if the server needs none. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /**
   * Opens the stream on which a legacy server tells of changes; resolves when it ends.
   * @param cursor - where it was left before; kept up to date
   * @throws McpError `unavailable` with `data.httpStatus` if the server has none (405), or has forgotten the session (404)
   */
  async listen(signal: AbortSignal, onOpen: () => void, cursor: StreamCursor = {}): Promise<void> {
    const response = await this.#get(signal, cursor.lastEventId);
    const { body } = response;
    if (body instanceof Uint8Array) throw statusError(this.label, response);
    onOpen();
    for await (const frame of this.#frames(body, cursor)) if (frame.kind === 'notification') this.tell(frame);
  }

  /** Tells those who subscribed. */
  readonly tell = (frame: NotificationFrame): void => {
    for (const listener of this.#listeners) listener(frame);
  };

  #get(signal: AbortSignal, lastEventId: string | undefined): Promise<HttpClientResponse> {
    const headers: Record<string, string> = { ...this.#sessionHeaders(), accept: 'text/event-stream' };
    delete headers['content-type'];
    if (lastEventId !== undefined) headers[HEADER.lastEventId] = lastEventId;
    return this.#client.request({ method: 'GET', headers, signal });
  }

  async close(): Promise<void> {
    const sessionId = this.#newSessionId ?? this.#sessionId;
    if (sessionId !== undefined) {
      const headers = this.#sessionHeaders(sessionId);
      const signal = AbortSignal.timeout(NOTIFY_TIMEOUT_MS);
      // A server that does not let clients end sessions, or is gone, has nothing to be told.
      await this.#client.request({ method: 'DELETE', headers, signal }).catch(() => undefined);
    }
    await this.#client.close();
    for (const answer of this.#answering.values())
      answer.abort(new McpError('cancelled', 'The connection was closed.'));
    this.#close();
  }

  /** To a legacy server a closed connection means nothing: only a message cancels. Returns what takes it back. */
  #tellWhenCancelled(call: Call, requestId: number): () => void {
    return onAbort(call, () => {
      const params = Payload.of<JsonObject>({ requestId });
      // A server that is gone has nothing to cancel.
      void this.notify(CANCELLED, params).catch(() => undefined);
    });
  }

  #headersFor(call: Call): Record<string, string> {
    if (call.method === 'initialize') return withoutVersion(this.#base);
    if (this.#era === 'legacy') return (this.#legacyHeaders ??= this.#sessionHeaders());
    return this.#modernHeaders.of(call);
  }

  #sessionHeaders(sessionId = this.#sessionId): Record<string, string> {
    return { ...this.#base, ...(sessionId === undefined ? {} : { [HEADER.sessionId]: sessionId }) };
  }

  #single(response: HttpClientResponse, body: Uint8Array, id: RequestId): Reply {
    const frame = tryReadFrame(body);
    if (frame?.kind !== 'response') throw statusError(this.label, response);
    // A server that could not read the request does not know its id.
    if (frame.id === id || (frame.id === null && frame.error)) return singleReply(finalMessage(frame));
    throw new McpError('unavailable', `${this.label} answered another request than the one that was sent.`);
  }

  /** Messages of a stream; what the server asks of its client is answered on the way. */
  async *#frames(body: AsyncIterable<Uint8Array>, at: Position, of?: { call: Call; id: RequestId }): Frames {
    for await (const { data } of decodeEvents(body, MAX_RESPONSE_BYTES, at)) {
      const frame = this.#readEvent(data, at, of?.id);
      if (frame === undefined) continue;
      // Not waited for: what the server tells meanwhile belongs to the call too.
      if (frame.kind === 'request') void this.#answer(frame, of?.call);
      else if (frame.kind === 'response' || !this.#takes(frame, of?.call)) yield frame;
    }
  }

  /** Takes a notification that is not for who reads the stream. @returns whether it did */
  #takes(frame: NotificationFrame, call: Call | undefined): boolean {
    if (this.#era === 'legacy' && frame.method === CANCELLED) {
      this.#withdraw(frame);
      return true;
    }
    if (!call || !isForListeners(call, frame)) return false;
    for (const listener of this.#listeners) listener(frame);
    return true;
  }

  /** The server no longer waits for what it asked. */
  #withdraw({ params, method }: NotificationFrame): void {
    const id = params.payload.value.requestId as RequestId;
    this.#answering.get(id)?.abort(new McpError('cancelled', `${this.label} sent ${method}.`));
  }

  async #answer(frame: RequestFrame, call: Call | undefined): Promise<void> {
    // Modern servers ask nothing, and nothing may be answered to them.
    if (this.#era === 'modern') return;
    const cancelled = new AbortController();
    this.#answering.set(frame.id, cancelled);
    const answer = await answerToServer(frame, this.onRequest, { signal: cancelled.signal, call });
    if (this.#answering.get(frame.id) === cancelled) this.#answering.delete(frame.id);
    if (cancelled.signal.aborted) return;
    // A server that is gone waits for no answer.
    await this.#post(encodeResponse(frame.id, answer)).catch(() => undefined);
  }

  /** An event that is no message concerns no call: undefined. A broken answer to `id` ends the call. */
  #readEvent(data: string, at: Position, id: RequestId | undefined): Frame | undefined {
    try {
      return readFrame(encoder.encode(data), RESPONSE_LIMITS);
    } catch (cause) {
      if (!(cause instanceof FrameError && cause.isResponse && cause.id === id)) return undefined;
      at.isUnreadable = true;
      throw new McpError('unavailable', `${this.label} sent a response that cannot be read: ${cause.message}`, {
        cause,
      });
    }
  }

  async #post(body: WireJson): Promise<void> {
    const signal = AbortSignal.timeout(NOTIFY_TIMEOUT_MS);
    await this.#client.request({ method: 'POST', headers: this.#sessionHeaders(), body, signal });
  }
}

/** Whether the status says more than the message: the session has expired, or the probe reached no server at all. */
function isAboutTheServer(status: number, call: Call, sent: Readonly<Record<string, string>>): boolean {
  if (status === 404) return HEADER.sessionId in sent;
  return call.method === 'server/discover' && saysNothingOfEra(status);
}

const saysNothingOfEra = (status: number): boolean =>
  status === 401 || status === 403 || status === 429 || status >= 500;

/** How long a notification or the end of a session may take. Unit: ms. */
const NOTIFY_TIMEOUT_MS = 5_000;

/** What is looked at of a response that is no answer. */
type Refusal = Pick<HttpClientResponse, 'status'> & Partial<Pick<HttpClientResponse, 'header'>>;

/** What came in place of a message: whoever mistyped a URL sees that it leads to a page. A path may hold a token. */
function insteadOf({ header }: Refusal): string {
  const location = header?.('location');
  if (location !== undefined)
    return `, but leads to ${URL.canParse(location) ? new URL(location).origin : 'another path'}`;
  const [type = ''] = header?.('content-type')?.split(';', 1) ?? [];
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) && type !== JSON_TYPE ? `, but with ${type}` : '';
}

const JSON_TYPE = 'application/json';

/** What an HTTP status says of the server; `data.httpStatus` carries it. @param words - the server's own */
export function statusError(label: string, response: Refusal, words?: string): McpError {
  const { status } = response;
  const refusal = status === 401 || status === 403;
  const what = refusal ? 'refused the credentials' : words === undefined ? NO_MESSAGE[status] : 'refused';
  const why = words === undefined ? '.' : `: ${words}`;
  return new McpError(
    'unavailable',
    `${label} ${what ?? `${NO_MESSAGE.other}${insteadOf(response)}`} (HTTP ${status})${why}`,
    {
      data: { httpStatus: status },
    },
  );
}

const NO_MESSAGE: Readonly<Record<string | number, string>> = {
  404: 'has nothing at the path of the URL',
  405: 'takes no messages at the path of the URL',
  other: 'answered without a JSON-RPC message',
};

/** Characters of a server's message that are passed on. */
const MAX_WORDS = 200;

/** What the server says in the body of a refusal. */
function wordsOf({ body }: HttpClientResponse): string | undefined {
  const frame = body instanceof Uint8Array ? tryReadFrame(body) : undefined;
  const error = frame?.kind === 'response' ? frame.error?.value : undefined;
  return isRpcError(error) ? error.message.slice(0, MAX_WORDS) : undefined;
}

/** The revision is not agreed yet: a dual-era server would take the header for a modern request without its envelope. */
function withoutVersion(headers: Record<string, string>): Record<string, string> {
  const { [HEADER.protocolVersion]: _, ...rest } = headers;
  return rest;
}

function tryReadFrame(body: Uint8Array): Frame | undefined {
  try {
    return readFrame(body, RESPONSE_LIMITS);
  } catch {
    return undefined;
  }
}
