import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Auth } from '../auth/auth.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import {
  channelOverWebSocket,
  loadWs,
  SUBPROTOCOL,
  type OpenSocket,
  type SocketChannel,
} from '../wire/web-socket.node.ts';
import {
  MAX_RESPONSE_BYTES,
  unreachable,
  type HttpClient,
  type HttpClientRequest,
  type HttpClientResponse,
} from './http-client.ts';
import { statusError } from './http-link.ts';
import { withAuth } from './with-auth.ts';

/** Pause between pings. Unit: ms. */
const PING_MS = 15_000;

/** A server behind a `ws:` or `wss:` URL. */
export interface WebSocketServerAddress {
  readonly url: URL;
  /** Sent with the handshake. */
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: Auth | undefined;
  /** Ends the handshake. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Opens a WebSocket and makes a channel of it. @throws McpError `unavailable` if the server cannot be reached or refuses */
export async function openWebSocket({
  url,
  headers,
  auth,
  signal,
  clock,
}: WebSocketServerAddress): Promise<SocketChannel> {
  const handshake = new Handshake(url);
  const { status } = await (auth ? withAuth(handshake, httpUrl(url), auth) : handshake).request({
    method: 'GET',
    headers: { ...headers },
    signal,
  });
  if (!handshake.opened) throw statusError(url.origin, { status });
  return channelOverWebSocket({ ...handshake.opened, clock, pingMs: PING_MS });
}

/** The handshake is an HTTP request: credentials are shown and renewed as for any other. */
class Handshake implements HttpClient {
  /** Set once a server has agreed. */
  opened: Pick<OpenSocket, 'socket' | 'stream'> | undefined;
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
  }

  async request({ headers, signal }: HttpClientRequest): Promise<HttpClientResponse> {
    const { WebSocket: Socket } = await loadWs();
    const socket = new Socket(this.#url, SUBPROTOCOL, {
      headers,
      maxPayload: MAX_RESPONSE_BYTES,
      perMessageDeflate: false,
    });
    const abort = (): void => {
      socket.terminate();
    };
    let stream: Socket | undefined;
    socket.once('upgrade', (response) => (stream = response.socket));
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (signal.aborted) abort();
      const response = await answerTo(socket);
      if (response.status === 101 && stream) this.opened = { socket, stream };
      return response;
    } catch (cause) {
      if (signal.aborted) throw McpError.from(signal.reason);
      throw unreachable(this.#url.origin, cause);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  close(): Promise<void> {
    this.opened?.socket.terminate();
    return Promise.resolve();
  }
}

function answerTo(socket: WebSocket): Promise<HttpClientResponse> {
  const response = (message?: IncomingMessage): HttpClientResponse => ({
    status: message?.statusCode ?? 101,
    header: (name) => message?.headers[name]?.toString(),
    body: new Uint8Array(),
    cancel: () => message?.destroy(),
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve(response());
    });
    socket.once('unexpected-response', (_request, message) => {
      message.resume();
      resolve(response(message));
    });
    socket.on('error', reject);
  });
}

const httpUrl = (url: URL): URL => new URL(url.href.replace(/^ws/, 'http'));
