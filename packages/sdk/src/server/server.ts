import { InnerCall } from '../core/call.ts';
import { listenHttp, serveStdio, serveWebSocket, toNode } from '#sdk-platform';
import { systemClock } from '../core/clock.ts';
import type { Handler } from '../core/handler.ts';
import type { ChannelServer } from '../serve/channel.ts';
import { Drain } from '../serve/drain.ts';
import type { EdgeOptions } from '../serve/edge.ts';
import { toFetch } from '../serve/fetch.ts';
import { serveHttp, type HttpServer } from '../serve/http.ts';
import { createInMemoryTransport, type InMemoryTransport } from '../serve/in-memory.ts';
import {
  DRAIN_MS,
  type HttpListener,
  type ListenOptions,
  type NodeHandler,
  type SocketServer,
  type UpgradeHandler,
} from '../serve/listener.ts';
import type { Catalog } from './catalog.ts';
import type { AnyPrompt } from './prompts.ts';
import type { Entry } from './registry.ts';
import type { AnyResource, AnyTemplate } from './resources.ts';
import type { AnyTool } from './tools.ts';

/** What a running server offers of one kind; a change is told to the callers that listen. */
export interface Entries<D> {
  /** Adds one. @throws McpError `invalid_options` if its name is taken or it is wrong */
  add(definition: D): Entry<D>;
  /** The entry of that name or URI; undefined if there is none. */
  get(key: string): Entry<D> | undefined;
}

/** The resources of a running server. */
export interface ResourceEntries extends Entries<AnyResource> {
  /** Tells those who listen to a resource that its content has changed. */
  updated(uri: string): void;
}

/** What a server is made with. */
export interface MCPServerParts {
  readonly handler: Handler;
  readonly edge: EdgeOptions;
  readonly catalog: Catalog;
  /** Ends what the handler keeps open. */
  readonly onClose: () => void;
}

/**
 * A server, made by {@link MCPServerBuilder.build}: one handler and the ways to reach it.
 *
 * @typeParam T - its tools, for `typedClient`
 */
export class MCPServer<T extends object = object> {
  /** For the compiler only: what the tools take and give. */
  declare readonly toolTypes: T;
  /** The tools, by name. */
  readonly tools: Entries<AnyTool>;
  /** The prompts, by name. */
  readonly prompts: Entries<AnyPrompt>;
  /** The resources with a fixed URI, by URI. */
  readonly resources: ResourceEntries;
  /** The resource templates, by template. */
  readonly resourceTemplates: Entries<AnyTemplate>;
  /** The server as a function: mount it in a gateway, wrap it, call it. */
  readonly handler: Handler;
  readonly #drain: Drain;
  readonly #edgeOptions: EdgeOptions;
  readonly #onClose: () => void;
  readonly #listeners = new Set<{ close(): Promise<void> }>();
  #http: HttpServer | undefined;
  #sockets: SocketServer | undefined;
  #fetch: ((request: Request) => Promise<Response>) | undefined;
  #node: NodeHandler | undefined;

  constructor({ handler, edge, catalog, onClose }: MCPServerParts) {
    this.#drain = new Drain('server', edge.clock ?? systemClock);
    this.handler = this.#drain.middleware(handler);
    this.tools = catalog.tools;
    this.prompts = catalog.prompts;
    this.resources = {
      add: (definition) => catalog.resources.add(definition),
      get: (uri) => catalog.resources.get(uri),
      updated: (uri) => {
        catalog.changes.resourceUpdated(uri);
      },
    };
    this.resourceTemplates = catalog.templates;
    this.#edgeOptions = edge;
    this.#onClose = onClose;
  }

  /** Serves a web-standard request: Hono, Bun, Deno, workers, Next routes. */
  readonly fetch = (request: Request): Promise<Response> => (this.#fetch ??= toFetch(this.#endpoint().handle))(request);

  /** Serves a `node:http` request: Express, Fastify, Koa. Node only. */
  readonly handle: NodeHandler = (req, res) => (this.#node ??= toNode(this.#endpoint().handle))(req, res);

  /**
   * Takes a WebSocket handshake: `httpServer.on('upgrade', server.upgrade)`. Node only; needs the package `ws`.
   *
   * @remarks The subprotocol is `mcp`; each text frame is one JSON-RPC message.
   */
  readonly upgrade: UpgradeHandler = (req, socket, head) =>
    (this.#sockets ??= serveWebSocket(this.handler, this.#edgeOptions)).upgrade(req, socket, head);

  /**
   * Listens with `node:http`, for WebSocket as well. Node only.
   * @throws McpError `unavailable` if the port is taken or not allowed
   */
  async listen(options: ListenOptions = {}): Promise<HttpListener> {
    const listener = await listenHttp(this.#endpoint().handle, options, this.upgrade);
    this.#listeners.add(listener);
    return listener;
  }

  /** Serves the standard streams until the client closes them. Node only. */
  serveStdio(): Promise<void> {
    const server = serveStdio(this.handler, this.#edgeOptions);
    this.#track(server);
    return server.closed;
  }

  /** A transport for an official client in this process. */
  connect(): InMemoryTransport {
    return createInMemoryTransport(this.handler, {
      ...this.#edgeOptions,
      onStart: (server) => {
        this.#track(server);
      },
    });
  }

  /** Ends streams of changes, refuses new calls, waits for running ones up to 5 s, cancels the rest, ends connections. */
  async close(): Promise<void> {
    this.#onClose();
    this.#http?.drain();
    const listeners = [...this.#listeners].map((listener) => listener.close());
    await Promise.all([this.#drain.close(DRAIN_MS), this.#sockets?.close(), ...listeners]);
    this.#listeners.clear();
    this.#http?.close();
  }

  /** Has a connection closed with the server, as long as it is open. */
  #track(connection: ChannelServer): void {
    this.#listeners.add(connection);
    void connection.closed.then(() => this.#listeners.delete(connection));
  }

  #endpoint(): HttpServer {
    return (this.#http ??= serveHttp(this.handler, this.#edgeOptions, InnerCall));
  }
}
