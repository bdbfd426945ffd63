import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../src/core/json.ts';
import { startHttp, type TestHttpServer } from './http-server.ts';

/** A server of HTTP+SSE in plain words, which a test can make misbehave. */
export class SseServer {
  /** Method and URL of each request. */
  readonly seen: string[] = [];
  /** Authorization of each request. */
  readonly credentials: (string | undefined)[] = [];
  /** Status of a message that is posted to the URL itself. */
  postStatus = 405;
  /** Status of the GET; 200 opens the stream. */
  getStatus = 200;
  /** Status of the posts to the endpoint. */
  messageStatus = 202;
  /** What the `endpoint` event says; undefined leaves the event out. */
  endpoint: string | undefined = '/messages?session=1';
  /** Streams that are open. */
  readonly streams = new Set<ServerResponse>();
  #http: TestHttpServer | undefined;

  get url(): string {
    return this.#http!.url.href;
  }

  get posts(): string[] {
    return this.seen.filter((one) => one.startsWith('POST /mcp'));
  }

  async start(): Promise<this> {
    this.#http = await startHttp((req, res) => void this.#serve(req, res));
    return this;
  }

  async close(): Promise<void> {
    await this.#http?.close();
  }

  /** Resolves when no stream is open. */
  async isLeft(): Promise<void> {
    await Promise.all([...this.streams].map((stream) => once(stream, 'close')));
  }

  /** Cuts the streams. */
  cut(): void {
    for (const stream of this.streams) stream.end();
  }

  #serve(req: IncomingMessage, res: ServerResponse): Promise<unknown> | undefined {
    this.seen.push(`${req.method} ${req.url}`);
    this.credentials.push(req.headers.authorization);
    if (req.method === 'GET') {
      if (this.getStatus === 200) this.#open(res);
      else res.writeHead(this.getStatus).end();
      return undefined;
    }
    const isMessage = req.url?.startsWith('/messages') === true;
    const status = isMessage ? this.messageStatus : this.postStatus;
    return read(req).then((message) => {
      res.writeHead(status).end('said so');
      if (isMessage && status === 202) this.#answer(message);
    });
  }

  #open(res: ServerResponse): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    this.streams.add(res);
    res.once('close', () => this.streams.delete(res));
    res.write(': hello\n\nevent: other\ndata: x\n\n');
    if (this.endpoint !== undefined) res.write(`event: endpoint\ndata: ${this.endpoint}\n\n`);
  }

  #answer({ id, method }: JsonObject): void {
    if (id === undefined) return;
    const result =
      method === 'initialize'
        ? { protocolVersion: '2024-11-05', capabilities: { tools: {} }, serverInfo: { name: 'old', version: '1' } }
        : { content: [{ type: 'text', text: 'old' }] };
    for (const stream of this.streams)
      stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
  }
}

async function read(req: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return JSON.parse(text) as JsonObject;
}
