import type { IncomingMessage, ServerResponse } from 'node:http';
import { startHttp, type TestHttpServer } from './http-server.ts';

/** Serves what is written for `fetch` on a real HTTP server. */
export const serveFetch = (handle: (request: Request) => Promise<Response>): Promise<TestHttpServer> =>
  startHttp((req, res) => void answer(handle, req, res).catch(() => res.destroy()));

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
