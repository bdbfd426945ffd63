import { serveWebSocket, toNode } from '#gateway-platform';
import type {
  CallOptions,
  ClientIdentity,
  Handler,
  InMemoryTransport,
  JsonObject,
  NodeHandler,
  Result,
  SocketServer,
  UpgradeHandler,
} from '@org/mcp-sdk';
import { createInnerCall, InnerCall } from '@org/mcp-sdk/wire';
import { createInMemoryTransport, serveHttp, toFetch, type EdgeOptions, type HttpServer } from '@org/mcp-sdk/serve';

/** The ways in: what makes a handler reachable by HTTP, by WebSocket, in memory and by a call. */
export class Doors {
  readonly handler: Handler;
  /** Serves a web-standard request: Hono, Bun, Deno, workers, Next routes. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Serves a `node:http` request: Express, Fastify, Koa. Node only. */
  readonly handle: NodeHandler = (req, res) => this.#node(req, res);
  /** Takes the handshake of a WebSocket. Node only. */
  readonly upgrade: UpgradeHandler;
  readonly #edge: EdgeOptions;
  readonly #info: ClientIdentity;
  readonly #http: HttpServer;
  readonly #sockets: SocketServer;

  /** @param info - who calls where nobody says who does */
  constructor(handler: Handler, edge: EdgeOptions, info: ClientIdentity) {
    this.handler = handler;
    this.#edge = edge;
    this.#info = info;
    this.#http = serveHttp(handler, edge, InnerCall);
    this.#sockets = serveWebSocket(handler, edge);
    this.fetch = toFetch(this.#http.handle);
    this.upgrade = this.#sockets.upgrade;
  }

  /** Calls a method in this process. */
  async call(method: string, params: JsonObject = {}, options: CallOptions = {}): Promise<Result> {
    const reply = await this.handler(createInnerCall(method, params, { clientInfo: this.#info, ...options }));
    return reply.result();
  }

  /** A transport for an official client (v1 or v2) in this process. */
  connect(): InMemoryTransport {
    return createInMemoryTransport(this.handler, this.#edge);
  }

  /** Ends what callers opened, once their running calls are answered. */
  async close(): Promise<void> {
    this.#http.close();
    await this.#sockets.close();
  }

  #node: NodeHandler = (req, res) => (this.#node = toNode(this.#http.handle))(req, res);
}
