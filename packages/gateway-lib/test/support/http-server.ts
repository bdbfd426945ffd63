import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server of a test, on a free port of the loopback. */
export interface TestHttpServer {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts one. @param port - @defaultValue a free one */
export async function startHttp(
  onRequest: (req: IncomingMessage, res: ServerResponse) => void,
  port = 0,
): Promise<TestHttpServer> {
  const server = createServer(onRequest);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    server,
    async close() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Serves what is written for `fetch`. */
export const serveFetch = (handle: (request: Request) => Promise<Response>, port = 0): Promise<TestHttpServer> =>
  startHttp((req, res) => void answer(handle, req, res).catch(() => res.destroy()), port);

async function answer(
  handle: (request: Request) => Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const response = await handle(await requestOf(req, res));
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.flushHeaders();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) res.write(chunk);
  res.end();
}

async function requestOf(req: IncomingMessage, res: ServerResponse): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const gone = new AbortController();
  res.once('close', () => {
    gone.abort();
  });
  return new Request(`http://127.0.0.1${req.url ?? '/'}`, {
    method: req.method ?? 'GET',
    headers: Object.entries(req.headers).map(([name, value]): [string, string] => [name, String(value)]),
    signal: gone.signal,
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
}
