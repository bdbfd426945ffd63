import { listenHttp, serveStdio, toNode } from '#sdk-platform';
import type { Handler } from '../core/handler.ts';
import type { EdgeOptions } from '../serve/edge.ts';
import { toFetch } from '../serve/fetch.ts';
import { serveHttp, type HttpServer } from '../serve/http.ts';
import { createInMemoryTransport, type InMemoryTransport } from '../serve/in-memory.ts';
import type { HttpListener, ListenOptions, NodeHandler } from '../serve/listener.ts';

/** A server, made by {@link MCPServerBuilder.build}: one handler and the ways to reach it. */
export class MCPServer {
  /** The server as a function: mount it in a gateway, wrap it, call it. */
  readonly handler: Handler;
  readonly #edgeOptions: EdgeOptions;
  readonly #onClose: () => void;
  readonly #listeners = new Set<{ close(): Promise<void> }>();
  #http: HttpServer | undefined;
  #fetch: ((request: Request) => Promise<Response>) | undefined;
  #node: NodeHandler | undefined;

  /** @param onClose - ends what the handler keeps open */
  constructor(handler: Handler, edge: EdgeOptions, onClose: () => void) {
    this.handler = handler;
    this.#edgeOptions = edge;
    this.#onClose = onClose;
  }

  /** Serves a web-standard request: Hono, Bun, Deno, workers, Next routes. */
  readonly fetch = (request: Request): Promise<Response> => (this.#fetch ??= toFetch(this.#endpoint().handle))(request);

  /** Serves a `node:http` request: Express, Fastify, Koa. Node only. */
  readonly handle: NodeHandler = (req, res) => (this.#node ??= toNode(this.#endpoint().handle))(req, res);

  /**
   * Listens with `node:http`. Node only.
   * @throws McpError `unavailable` if the port is taken or not allowed
   */
  async listen(options: ListenOptions = {}): Promise<HttpListener> {
    const listener = await listenHttp(this.#endpoint().handle, options);
    this.#listeners.add(listener);
    return listener;
  }

  /** Serves the standard streams until the client closes them. Node only. */
  serveStdio(): Promise<void> {
    const server = serveStdio(this.handler);
    this.#listeners.add(server);
    return server.closed;
  }

  /** A transport for an official client in this process. */
  connect(): InMemoryTransport {
    return createInMemoryTransport(this.handler);
  }

  /** Ends streams, waits for running calls, frees ports and standard streams. */
  async close(): Promise<void> {
    this.#onClose();
    this.#http?.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    this.#listeners.clear();
  }

  #endpoint(): HttpServer {
    return (this.#http ??= serveHttp(this.handler, this.#edgeOptions));
  }
}
