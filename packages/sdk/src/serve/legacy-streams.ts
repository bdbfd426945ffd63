import type { Principal } from '../core/call.ts';
import { Cancellation, onAbort, type SignalSource } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodePriming } from '../wire/sse.ts';
import type { Edge } from './edge.ts';
import { EventStore, KEPT_MS } from './event-store.ts';
import { eventResponse } from './event-stream.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import { encodeLegacy, type LegacyAnswer, type LegacyMessage } from './legacy-questions.ts';
import type { LegacyListener } from './legacy-changes.ts';
import type { HttpSession, ListenStream } from './session-store.ts';
import type { StoredStream } from './stored-stream.ts';

/** Clients from this revision on know events without data. */
const PRIMING_VERSION = '2025-11-25';

/** How long a client should wait before it comes back. Unit: ms. */
const RETRY_MS = 1_000;

/** The reply of a call as it comes. */
export interface CallStream {
  readonly messages: AsyncIterable<LegacyMessage>;
  readonly encode: (message: LegacyMessage) => WireJson | undefined;
  /** Aborts when the connection is gone; the call goes on. */
  readonly source: SignalSource;
}

/**
 * The event streams of legacy sessions: they go on without a connection, and a client that names the last event it has
 * gets what followed.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class LegacyStreams {
  readonly #edge: Edge;
  readonly #events: EventStore;
  readonly #changes = new WeakMap<StoredStream, ChangeStream>();

  constructor(edge: Edge) {
    this.#edge = edge;
    this.#events = new EventStore(edge);
  }

  /** The reply of one call. */
  call(http: HttpSession, { messages, encode, source }: CallStream): HttpResponse {
    const stream = this.#events.open(http, 'call');
    void stream.fill<LegacyMessage>(messages, encode);
    return this.#respond(http, stream, { after: 0, source });
  }

  /** Gives the connection back if nothing of a reply is there in time; the client comes for it. */
  async poll(
    http: HttpSession | undefined,
    answering: Promise<LegacyAnswer>,
    encode: CallStream['encode'],
  ): Promise<HttpResponse | undefined> {
    const { pollAfterMs } = this.#edge;
    if (!http || pollAfterMs === undefined || http.session.client.version < PRIMING_VERSION) return undefined;
    if (await this.#isInTime(answering, pollAfterMs)) return undefined;
    return this.call(http, { messages: messagesOf(answering), encode, source: { signal: AbortSignal.abort() } });
  }

  #isInTime(answering: Promise<LegacyAnswer>, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const stopWaiting = this.#edge.clock.after(ms, () => {
        resolve(false);
      });
      const settled = (): void => {
        stopWaiting();
        resolve(true);
      };
      answering.then(settled, settled);
    });
  }

  /**
   * Serves GET: what followed the event that the client names, or the one stream of changes of the session; a new one
   * takes over, for the old one's connection may be dead. Whoever has missed some of them is told that all has changed.
   * @throws McpError `invalid_request` if what followed is not kept any more
   */
  async listen(http: HttpSession, request: HttpRequest, principal: Principal | null): Promise<HttpResponse> {
    const lastEventId = request.header('last-event-id');
    const place = lastEventId === undefined ? undefined : this.#events.find(http, lastEventId);
    if (place?.stream) return this.#respond(http, place.stream, { after: place.after, source: request });
    if (place?.kind === 'call')
      throw new McpError('invalid_request', 'What followed that event is not kept any more; make the call again.');
    const listener = { source: request, principal, hasMissed: lastEventId !== undefined };
    return this.#respond(http, await this.#open(http, listener), { after: 0, source: request });
  }

  /** Forgets what is kept for a session. */
  drop(http: HttpSession): void {
    this.#events.drop(http);
  }

  async #open(http: HttpSession, listener: LegacyListener): Promise<StoredStream> {
    http.stream?.abort();
    const stream = this.#events.open(http, 'listen');
    const changes = new ChangeStream(stream, this.#edge.clock);
    this.#changes.set(stream, changes);
    http.stream = changes;
    const over = (): void => {
      changes.abort();
      if (http.stream === changes) http.stream = undefined;
    };
    // Whoever goes away while the stream is opened has no event of it to come back with.
    const stop = onAbort(listener.source, over);
    try {
      const messages = await http.session.listen({ ...listener, source: changes.ending });
      if (!messages) throw new McpError('http_method_not_allowed', 'This server does not tell of changes.');
      void stream.fill<LegacyMessage>(messages, (message) => encodeLegacy(NO_ID, message)).then(over);
      return stream;
    } catch (thrown) {
      over();
      throw thrown;
    } finally {
      stop();
    }
  }

  #respond(
    http: HttpSession,
    stream: StoredStream,
    { after, source }: { after: number; source: SignalSource },
  ): HttpResponse {
    return eventResponse((write) => {
      const changes = this.#changes.get(stream);
      changes?.stay();
      http.connections++;
      if (http.session.client.version >= PRIMING_VERSION) void write(encodePriming(stream.eventId(after), RETRY_MS));
      return stream.writeTo({ write, after, source }).finally(() => {
        http.connections--;
        changes?.left();
      });
    }, this.#edge);
  }
}

async function* messagesOf(answering: Promise<LegacyAnswer>): AsyncGenerator<LegacyMessage> {
  yield* (await answering).messages();
}

/** The stream of changes of a session; it ends when its client does not come back. */
class ChangeStream implements ListenStream {
  readonly #stored: StoredStream;
  readonly #clock: Clock;
  /** Aborts at its end. */
  readonly ending = new Cancellation();
  #cancelEnd: (() => void) | undefined;

  constructor(stored: StoredStream, clock: Clock) {
    this.#stored = stored;
    this.#clock = clock;
  }

  /** A connection reads it. */
  stay(): void {
    this.#cancelEnd?.();
  }

  /** A connection is gone. */
  left(): void {
    if (this.#stored.isConnected || this.ending.isAborted) return;
    this.#cancelEnd = this.#clock.after(KEPT_MS, () => {
      this.abort();
    });
  }

  abort(): void {
    this.stay();
    this.ending.abort(new McpError('cancelled', 'The stream has ended.'));
  }
}

/** What is told unasked answers no request. */
const NO_ID = { id: 0 };
