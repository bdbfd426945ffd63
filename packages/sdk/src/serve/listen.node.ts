import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { McpError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { emptyResponse, type HttpHandler } from './http-message.ts';
import { DRAIN_MS, type HttpListener, type ListenOptions, type UpgradeHandler } from './listener.ts';
import { toNode } from './node.node.ts';
import { isHandshake, refuseUpgrade } from './upgrade.node.ts';

/** How often connections that have become idle are closed then. Unit: ms. */
const SWEEP_MS = 50;

/**
 * Listens with `node:http`.
 * @param upgrade - takes WebSocket handshakes @defaultValue none is taken
 * @throws McpError `invalid_options` if it is no port, `unavailable` if it cannot be had
 */
export async function listenHttp(
  handle: HttpHandler,
  options: ListenOptions = {},
  upgrade?: UpgradeHandler,
): Promise<HttpListener> {
  const { port = 0, host = '127.0.0.1', path = '/mcp' } = checked(options);
  const onRequest = toNode(handle);
  const sockets = new Set<Socket>();
  const unused = new Set<Socket>();
  const server = createServer((req, res) => {
    unused.delete(req.socket);
    if (pathOf(req) === path) void onRequest(req, res);
    else res.writeHead(404).end();
  });
  server.on('connection', (socket) => {
    // One whose upgrade is ignored comes again.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    unused.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      unused.delete(socket);
    });
  });
  if (upgrade)
    server.on('upgrade', (req, _stream, head) => {
      const { socket } = req;
      unused.delete(socket);
      if (!isHandshake(req, socket, head)) return;
      if (pathOf(req) === path) void upgrade(req, socket, head);
      else refuseUpgrade(req, socket, NOT_FOUND);
    });
  await bind(server, port, host);
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(':') ? `[${host}]` : host;
  const close = (): Promise<void> => {
    // Clients open connections ahead of time; Node does not count one without a request as idle.
    for (const socket of unused) socket.destroy();
    return drain(server, sockets);
  };
  return { url: `http://${name}:${bound}${path}`, port: bound, close };
}

/** @throws McpError `invalid_options` for what only a caller without types can give, and for what is no port */
function checked(options: ListenOptions): ListenOptions {
  const given: unknown = options;
  if (!isJsonObject(given))
    throw new McpError(
      'invalid_options',
      `listen() was given ${JSON.stringify(options)}; allowed: an object such as { port: 3000 }.`,
    );
  const { port = 0 } = options;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return options;
  throw new McpError('invalid_options', `port is ${JSON.stringify(port)}; allowed: an integer from 0 to 65535.`);
}

const NOT_FOUND = emptyResponse(404, { 'content-length': '0' });

const pathOf = ({ url = '' }: IncomingMessage): string | undefined => url.split('?', 1)[0];

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use; choose another' : (cause.code ?? 'unknown reason');
      reject(new McpError('unavailable', `Cannot listen on ${host}:${port}: ${why}.`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/**
 * Stops accepting and waits for what is running, at most 5 s.
 * @param sockets - its open connections; Node does not close one whose protocol was changed @defaultValue none was
 */
export function drain(server: Server, sockets: ReadonlySet<Socket> = new Set()): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    }, DRAIN_MS);
    // One that answers its last request now is idle later, and would stay until its peer lets go.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
