import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isModernVersion } from '../core/protocol.ts';
import { toBase64Url } from '../wire/base64.ts';
import type { ChannelEvents } from '../wire/channel.ts';
import type { WireJson } from '../wire/encode.ts';
import { HEADER } from '../wire/headers.ts';
import { encodeEvent } from '../wire/sse.ts';
import { serveChannel, type ChannelServer } from './channel.ts';
import type { Edge } from './edge.ts';
import { eventResponse } from './event-stream.ts';
import { emptyResponse, type HttpRequest, type HttpResponse, type StreamSink } from './http-message.ts';
import { isSame, ownerOf, type SessionOwner } from './session-owner.ts';
import { LIFETIME_MS } from './session-token.ts';

/** Sessions at a time; each has a connection that is open. */
const MAX_SESSIONS = 10_000;

/** Calls of one session that may run at a time: its posts are answered before they are. */
const MAX_RUNNING = 1_000;

/** A caller that reads slower than it is answered is cut off here. Unit: characters waiting to be sent. */
const MAX_WAITING = 64 * 1024 * 1024;

/** How long a session may be open without a message. Unit: ms. A client says `initialize` at once. */
const FIRST_MESSAGE_MS = 60_000;

/** The parameter that names the session in the URL that messages are posted to; official clients and servers call it so. */
const SESSION = 'sessionId';

/**
 * HTTP+SSE, the transport of 2024-11-05: a GET opens a session with its one stream, the first event of which names where
 * messages are posted. The session is a channel; it ends with its connection.
 *
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
export class SseHttp {
  readonly #handler: Handler;
  readonly #edge: Edge;
  readonly #sessions = new Map<string, SseSession>();
  #isDraining = false;

  constructor(handler: Handler, edge: Edge) {
    this.#handler = handler;
    this.#edge = edge;
  }

  /** Whether a request is of this transport: the other one has the same methods at the same URL. */
  isFor(request: HttpRequest): boolean {
    if (request.method === 'POST') return idOf(request) !== null;
    if (request.method !== 'GET' || request.header(HEADER.sessionId) !== undefined) return false;
    if (isModernVersion(request.header(HEADER.protocolVersion))) return false;
    return /\btext\/event-stream\b/i.test(request.header('accept') ?? '');
  }

  /** Serves a request that {@link isFor} lets pass. */
  handle(request: HttpRequest, principal: Principal | null): Promise<HttpResponse> | HttpResponse {
    return request.method === 'POST' ? this.#post(request, principal) : this.#open(request, principal);
  }

  /** Opens no more sessions; ends each once its calls have ended, after 5 s in any case. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.drain();
  }

  #open(request: HttpRequest, principal: Principal | null): HttpResponse {
    if (this.#isDraining || this.#sessions.size >= MAX_SESSIONS)
      throw new McpError('overloaded', 'Too many sessions are in use; try again later.');
    const { random } = this.#edge;
    const id = toBase64Url(random.bytes(16));
    const session = new SseSession(this.#handler, this.#edge, principal);
    this.#sessions.set(id, session);
    void session.ended.then(() => this.#sessions.delete(id));
    const gone = (): void => {
      session.end('The caller went away.');
    };
    if (request.signal.aborted) gone();
    else request.signal.addEventListener('abort', gone, { once: true });
    return eventResponse((write) => session.run(write, endpointFor(request, id)), this.#edge);
  }

  async #post(request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const session = this.#sessions.get(idOf(request) ?? '');
    if (!session || !isSame(session.owner, principal)) throw notFound();
    if (session.running >= MAX_RUNNING)
      throw new McpError('overloaded', `A session has at most ${MAX_RUNNING} running calls.`);
    if (!session.take(await request.body(this.#edge.limits.maxBytes), principal)) throw notFound();
    return emptyResponse(202);
  }
}

const notFound = (): McpError =>
  new McpError('session_not_found', 'The session has ended or never was; open another by GET.');

const idOf = (request: HttpRequest): string | null =>
  request.query === '' ? null : new URLSearchParams(request.query).get(SESSION);

/**
 * Where messages of a session are posted: a reference that the client resolves against the URL it knows, which is right
 * behind any proxy and mount.
 */
function endpointFor(request: HttpRequest, id: string): string {
  const query = new URLSearchParams(request.query);
  query.set(SESSION, id);
  return `?${query.toString()}`;
}

const UNREAD = 'The caller does not read what it is sent.';

/** One session; what it answers goes to its stream. */
class SseSession {
  readonly owner: SessionOwner | null;
  readonly ended: Promise<unknown>;
  readonly #server: ChannelServer;
  readonly #stops: (() => void)[];
  #events: ChannelEvents | undefined;
  #write: StreamSink['write'] = () => undefined;
  #end!: (reason: string) => void;
  /** Who sends the message that is being taken: scopes may differ from one to the next. */
  #principal: Principal | null;
  #isNew = true;
  #waiting = 0;
  #isCut = false;

  constructor(handler: Handler, edge: Edge, principal: Principal | null) {
    const { clock, limits, telemetry } = edge;
    this.owner = ownerOf(principal);
    this.#principal = principal;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#stops = [
      clock.after(LIFETIME_MS, () => {
        this.end('The session was open for too long.');
      }),
      clock.after(FIRST_MESSAGE_MS, () => {
        if (this.#isNew) this.end('No message came.');
      }),
    ];
    const channel = {
      open: (events: ChannelEvents): void => void (this.#events = events),
      send: (json: WireJson): Promise<void> | undefined => this.#send(encodeEvent(json)),
      close: (): undefined => {
        this.end('The server is closing.');
      },
    };
    this.#server = serveChannel(handler, channel, { clock, limits, telemetry, principal: () => this.#principal });
  }

  /** How many calls are running. */
  get running(): number {
    return this.#server.running;
  }

  /** Writes what the session says until it ends. @throws McpError `overloaded` if its caller does not read that */
  async run(write: StreamSink['write'], endpoint: string): Promise<void> {
    this.#write = write;
    void write(`event: endpoint\ndata: ${endpoint}\n\n`);
    await this.ended;
    // What waits would be kept as long as the caller likes.
    if (this.#isCut) throw new McpError('overloaded', UNREAD);
  }

  #send(event: string): Promise<void> | undefined {
    const { length } = event;
    const room = this.#write(event);
    if (!room) return undefined;
    this.#isCut = this.#waiting > MAX_WAITING;
    this.#waiting += length;
    if (this.#isCut) this.end(UNREAD);
    return room.finally(() => (this.#waiting -= length));
  }

  /** Takes a message. @returns false if the session has ended */
  take(bytes: Uint8Array, principal: Principal | null): boolean {
    this.#isNew = false;
    this.#principal = principal;
    this.#events?.message(bytes);
    return this.#events !== undefined;
  }

  drain(): void {
    void this.#server.close();
  }

  /** Ends it once: its calls are cancelled, for nobody can come back to them. */
  end(reason: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#write = () => undefined;
    for (const stop of this.#stops.splice(0)) stop();
    this.#end(reason);
    events?.close(reason);
  }
}
