import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { channelOverWebSocket, loadWs, SUBPROTOCOL } from '../wire/web-socket.node.ts';
import { serveChannel, type ChannelServer } from './channel.ts';
import { resolveEdge, type Edge, type EdgeOptions } from './edge.ts';
import { errorResponse } from './http-message.ts';
import type { SocketServer, UpgradeHandler } from './listener.ts';
import { isLoopback } from './node.node.ts';
import { isHandshake, refuseUpgrade } from './upgrade.node.ts';

/**
 * Serves a handler over WebSocket, in both eras, for the `upgrade` event of a `node:http` server.
 *
 * @remarks Origin, `Host` and credentials are checked before the upgrade; who acts stays the same as long as the
 * connection lives.
 * @throws McpError `invalid_options` if an option is wrong
 */
export function serveWebSocket(handler: Handler, options: EdgeOptions = {}): SocketServer {
  const edge = resolveEdge(options);
  const endpoint = new WebSocketEndpoint(handler, edge);
  return { upgrade: endpoint.upgrade, close: () => endpoint.close() };
}

class WebSocketEndpoint {
  readonly #handler: Handler;
  readonly #edge: Edge;
  readonly #connections = new Set<ChannelServer>();
  #server: Promise<WebSocketServer> | undefined;
  #isClosing = false;

  constructor(handler: Handler, edge: Edge) {
    this.#handler = handler;
    this.#edge = edge;
  }

  readonly upgrade: UpgradeHandler = async (request, stream, head) => {
    /* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- the signature names what is portable;
       what calls it is node:http */
    const req = request as IncomingMessage;
    const socket = stream as Socket;
    const first = head as Buffer;
    /* eslint-enable */
    if (!isHandshake(req, socket, first)) return;
    try {
      const principal = await this.#admit(req);
      const server = await (this.#server ??= loadServer(this.#edge.limits.maxBytes));
      server.handleUpgrade(req, socket, first, (ws) => {
        this.#serve(ws, socket, principal);
      });
    } catch (thrown) {
      this.#refuse(req, socket, thrown);
    }
  };

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  async #admit(req: IncomingMessage): Promise<Principal | null> {
    if (this.#isClosing) throw new McpError('unavailable', 'The server is closing.');
    const header = (name: string): string | undefined => req.headers[name]?.toString();
    const offered = (header('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
    const principal = await this.#edge.admit({ header, onLoopback: isLoopback(req.socket) });
    if (!offered.includes(SUBPROTOCOL))
      throw new McpError('invalid_request', `Sec-WebSocket-Protocol must list "${SUBPROTOCOL}".`);
    return principal;
  }

  #serve(socket: WebSocket, stream: Socket, principal: Principal | null): void {
    const { clock, keepAliveMs, limits, telemetry } = this.#edge;
    const channel = channelOverWebSocket({ socket, stream, clock, pingMs: keepAliveMs });
    const connection = serveChannel(this.#handler, channel, { limits, principal, clock, telemetry });
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    if (this.#isClosing) void connection.close();
  }

  /** Nobody waits for it: what it throws would end the process. */
  #refuse(req: IncomingMessage, socket: Socket, thrown: unknown): void {
    const { code, message } = McpError.from(thrown);
    const severity = code === 'internal' ? 'error' : 'debug';
    try {
      refuseUpgrade(req, socket, errorResponse(null, thrown));
      this.#edge.telemetry.record({ name: 'http.refused', severity, fields: { code, message } });
    } catch {
      socket.destroy();
    }
  }
}

async function loadServer(maxPayload: number): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await loadWs();
  // No compression: it costs memory for each connection, and messages are small.
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload } as const;
  return new Server({ ...options, handleProtocols: () => SUBPROTOCOL });
}
