/** How long running calls may take once what serves them closes. Unit: ms. */
export const DRAIN_MS = 5_000;

/** Where to listen. */
export interface ListenOptions {
  /** 0 picks a free one. @defaultValue 0 */
  port?: number;
  /** @defaultValue `127.0.0.1`: nothing is open to the network unless asked for */
  host?: string;
  /** Path of the endpoint. @defaultValue `/mcp` */
  path?: string;
}

/** A listening server. */
export interface HttpListener {
  /** URL of the endpoint. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, waits for running requests up to 5 s, frees the port. */
  close(): Promise<void>;
}

/** What is read of a `node:http` request (`IncomingMessage`). */
export interface NodeRequestLike {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Set by frameworks that have parsed the body already. */
  readonly body?: unknown;
}

/** What is known of a `node:http` response (`ServerResponse`) where Node's types are not. */
export interface NodeResponseLike {
  readonly headersSent: boolean;
}

/** A handler as `node:http`, Express, Fastify (`raw`), Koa and Connect call it. */
export type NodeHandler = (req: NodeRequestLike, res: NodeResponseLike) => Promise<void>;

/** What handles the `upgrade` event of a `node:http` server: `server.on('upgrade', upgrade)`; never rejects. */
export type UpgradeHandler = (req: NodeRequestLike, socket: object, head: Uint8Array) => Promise<void>;

/** A handler made reachable over WebSocket. */
export interface SocketServer {
  readonly upgrade: UpgradeHandler;
  /** Takes no more connections, waits for running calls up to 5 s, closes what is open. */
  close(): Promise<void>;
}
