import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpError } from '../core/errors.ts';
import type { HttpHandler } from './http-message.ts';
import type { HttpListener, ListenOptions } from './listener.ts';
import { toNode } from './node.node.ts';

/** How long running requests may take once the listener closes. Unit: ms. */
const DRAIN_MS = 5_000;

/** Listens with `node:http`. @throws McpError `unavailable` if the port cannot be had */
export async function listenHttp(handle: HttpHandler, options: ListenOptions = {}): Promise<HttpListener> {
  const { port = 0, host = '127.0.0.1', path = '/mcp' } = options;
  const onRequest = toNode(handle);
  const server = createServer((req, res) => {
    const [pathname] = (req.url ?? '').split('?', 1);
    if (pathname === path) void onRequest(req, res);
    else res.writeHead(404).end();
  });
  await bind(server, port, host);
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${bound}${path}`, port: bound, close: () => drain(server) };
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use; choose another' : (cause.code ?? 'unknown reason');
      reject(new McpError('unavailable', `Cannot listen on ${host}:${port}: ${why}.`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Stops accepting and waits for what is running, at most {@link DRAIN_MS}. */
export function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, DRAIN_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
