import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { report, upstreamUrl } from '../measure/child.ts';

/** The bare undici reverse proxy to compare with: nothing is parsed, headers are copied, bytes are relayed. */
const upstream = upstreamUrl();
const pool = new Pool(upstream.origin, { connections: 64, pipelining: 1 });
const KEPT = ['content-type', 'accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name'];

class Relay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;
  constructor(res: ServerResponse) {
    this.#res = res;
  }
  onRequestStart(): void {
    // Nothing to prepare.
  }
  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    const { 'content-type': type, 'content-length': length } = headers;
    this.#res.writeHead(status, { 'content-type': String(type), 'content-length': String(length) });
  }
  onResponseData(_: unknown, chunk: Buffer): void {
    this.#res.write(chunk);
  }
  onResponseEnd(): void {
    this.#res.end();
  }
  onResponseError(): void {
    if (!this.#res.headersSent) this.#res.writeHead(502);
    this.#res.end();
  }
}

function forward(req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const headers = KEPT.flatMap((name) => [name, String(req.headers[name])]);
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    pool.dispatch({ path: upstream.pathname, method: 'POST', headers, body: body ?? null }, new Relay(res));
  });
}

report(createServer(forward));
