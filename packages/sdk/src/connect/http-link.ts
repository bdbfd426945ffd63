import type { Call, RequestId } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { needsNameHeader } from '../core/methods.ts';
import { Payload } from '../core/payload.ts';
import { MODERN_VERSION, type Era } from '../core/protocol.ts';
import type { Reply } from '../core/reply.ts';
import { encodeNotification, encodeRequest, encodeResponse, type WireJson } from '../wire/encode.ts';
import { finalMessage, singleReply } from '../wire/exchange.ts';
import { ACCEPT, encodeHeaderValue, HEADER } from '../wire/headers.ts';
import { FrameError, readFrame, type Frame, type NotificationFrame, type RequestFrame } from '../wire/message.ts';
import { patchMeta, tokenPatch } from '../wire/params.ts';
import { decodeEvents } from '../wire/sse.ts';
import { MAX_RESPONSE_BYTES, type HttpClient, type HttpClientResponse } from './http-client.ts';
import { replyFromStream, type Frames } from './http-stream.ts';
import { answerToServer, isCancellable, RESPONSE_LIMITS, type Link, type ServerRequestHandler } from './link.ts';

const encoder = new TextEncoder();

/** Makes a {@link Link} over Streamable HTTP. */
export function linkOverHttp(client: HttpClient, url: URL, headers: Readonly<Record<string, string>> = {}): Link {
  return new HttpLink(client, url, headers);
}

/** One server over Streamable HTTP: stateless in the modern era, a session in the legacy one. */
export class HttpLink implements Link {
  readonly label: string;
  readonly silenceMeansLegacy = false;
  readonly closed: Promise<unknown>;
  onRequest: ServerRequestHandler | undefined;
  readonly #client: HttpClient;
  readonly #listeners = new Set<(frame: NotificationFrame) => void>();
  readonly #base: Record<string, string>;
  #era: Era = 'modern';
  #sessionId: string | undefined;
  /** What `initialize` was answered with; calls go under it once the session is agreed. */
  #newSessionId: string | undefined;
  #close!: () => void;
  #nextId = 1;

  constructor(client: HttpClient, url: URL, headers: Readonly<Record<string, string>>) {
    this.#client = client;
    // The path may hold a credential.
    this.label = url.origin;
    this.#base = {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      'content-type': 'application/json',
      accept: ACCEPT,
      [HEADER.protocolVersion]: MODERN_VERSION,
    };
    this.closed = new Promise((resolve) => {
      this.#close = () => {
        resolve('closed');
      };
    });
  }

  readonly send = async (call: Call): Promise<Reply> => {
    const id = this.#nextId++;
    const params = call.progressToken === undefined ? call.params : patchMeta(call.params, tokenPatch(id));
    const headers = this.#headersFor(call);
    const forget = this.#era === 'legacy' && isCancellable(call) ? this.#tellWhenCancelled(call, id) : undefined;
    const response = await this.#client.request({
      method: 'POST',
      headers,
      body: encodeRequest(id, call.method, params),
      signal: call.signal,
    });
    if (call.method === 'initialize') this.#newSessionId = response.header(HEADER.sessionId);
    if (isAboutTheServer(response.status, call, headers)) throw statusError(this.label, response.status);
    const reply =
      response.body instanceof Uint8Array
        ? this.#single(response, response.body)
        : await replyFromStream({ frames: this.#frames(response.body, id), response, call, id, label: this.label });
    if (forget) void reply.done.then(forget);
    return reply;
  };

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
  }

  /** The legacy session that calls go under; undefined if the server needs none. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /**
   * Opens the stream on which a legacy server tells of changes; resolves when it ends.
   * @throws McpError `http_method_not_allowed` if the server has none
   */
  async listen(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const headers: Record<string, string> = { ...this.#sessionHeaders(), accept: 'text/event-stream' };
    delete headers['content-type'];
    const response = await this.#client.request({ method: 'GET', headers, signal });
    if (response.body instanceof Uint8Array) throw statusError(this.label, response.status);
    onOpen();
    for await (const frame of this.#frames(response.body))
      if (frame.kind === 'notification') for (const listener of this.#listeners) listener(frame);
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
    this.#close();
  }

  /** To a legacy server a closed connection means nothing: only a message cancels. Returns what takes it back. */
  #tellWhenCancelled({ signal }: Call, requestId: number): () => void {
    const tell = (): void => {
      const params = Payload.of<JsonObject>({ requestId });
      // A server that is gone has nothing to cancel.
      void this.notify('notifications/cancelled', params).catch(() => undefined);
    };
    signal.addEventListener('abort', tell, { once: true });
    return () => {
      signal.removeEventListener('abort', tell);
    };
  }

  #headersFor(call: Call): Record<string, string> {
    if (call.method === 'initialize') return withoutVersion(this.#base);
    if (this.#era === 'legacy') return this.#sessionHeaders();
    const headers: Record<string, string> = { ...this.#base, ...call.paramHeaders, [HEADER.method]: call.method };
    if (needsNameHeader(call.method) && call.target !== undefined)
      headers[HEADER.name] = encodeHeaderValue(call.target);
    return headers;
  }

  #sessionHeaders(sessionId = this.#sessionId): Record<string, string> {
    return { ...this.#base, ...(sessionId === undefined ? {} : { [HEADER.sessionId]: sessionId }) };
  }

  #single(response: HttpClientResponse, body: Uint8Array): Reply {
    const frame = tryReadFrame(body);
    if (frame?.kind === 'response') return singleReply(finalMessage(frame));
    throw statusError(this.label, response.status);
  }

  /** Messages of a stream; what the server asks of its client is answered on the way. */
  async *#frames(body: AsyncIterable<Uint8Array>, id?: RequestId): Frames {
    for await (const data of decodeEvents(body, MAX_RESPONSE_BYTES)) {
      const frame = this.#readEvent(data, id);
      if (frame === undefined) continue;
      // Not waited for: what the server tells meanwhile belongs to the call too.
      if (frame.kind === 'request') void this.#answer(frame);
      else yield frame;
    }
  }

  async #answer(frame: RequestFrame): Promise<void> {
    const answer = encodeResponse(frame.id, await answerToServer(frame, this.onRequest));
    // A server that is gone waits for no answer.
    await this.#post(answer).catch(() => undefined);
  }

  /** An event that is no message concerns no call: undefined. A broken answer to `id` ends the call. */
  #readEvent(data: string, id: RequestId | undefined): Frame | undefined {
    try {
      return readFrame(encoder.encode(data), RESPONSE_LIMITS);
    } catch (cause) {
      if (!(cause instanceof FrameError && cause.isResponse && cause.id === id)) return undefined;
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

/** What an HTTP status without a JSON-RPC message means; `data.httpStatus` carries it. */
export function statusError(label: string, status: number): McpError {
  if (status === 401 || status === 403)
    return new McpError('unavailable', `${label} refused the gateway's credentials (HTTP ${status}).`, {
      data: { httpStatus: status },
    });
  return new McpError('unavailable', `${label} answered HTTP ${status} without a JSON-RPC message.`, {
    data: { httpStatus: status },
  });
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
