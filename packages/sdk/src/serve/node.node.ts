import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Cancellation, type AbortListener } from '../core/cancellation.ts';
import { McpError } from '../core/errors.ts';
import type { WireJson } from '../wire/encode.ts';
import {
  errorResponse,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type StreamSink,
} from './http-message.ts';
import { atEndOfTurn } from '../wire/end-of-turn.node.ts';
import type { NodeHandler } from './listener.ts';

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** What most of them are. */
const MOST = '127.0.0.1';

/** Whether a connection came in on a loopback address. */
export const isLoopback = ({ localAddress }: Socket): boolean =>
  localAddress === MOST || LOOPBACK.test(localAddress ?? '');

/**
 * Makes a `node:http` handler of an HTTP one, without `Request` and `Response` objects.
 *
 * @remarks A body that a framework has read and parsed already (`express.json()`) is taken from `req.body`; big integers
 * in it are lost then, so mount the handler before the parser. The promise resolves once the response is written: some
 * hosts stop working then.
 */
export const toNode =
  (handle: HttpHandler): NodeHandler =>
  async (request, answer) => {
    /* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- the signature names what is portable;
       what calls it is node:http */
    const req = request as IncomingMessage;
    const res = answer as ServerResponse;
    /* eslint-enable */
    try {
      const response = await handle(new NodeRequest(req, res));
      // A stream is read also when the peer has gone meanwhile: its call ends as it would have.
      if (response.stream) await writeStream(res, response, response.stream);
      else if (!res.destroyed && !res.writableEnded) writeBody(res, response);
    } catch (thrown) {
      // Nobody waits for this promise: a rejection would end the process.
      fail(res, thrown);
    }
  };

function fail(res: ServerResponse, cause: unknown): void {
  if (res.headersSent || res.destroyed) res.destroy();
  else writeBody(res, errorResponse(null, new McpError('internal', 'Internal error.', { cause })));
}

class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly #req: IncomingMessage & { body?: unknown };
  readonly #res: ServerResponse;
  /** Aborts when the peer goes away; undefined until somebody listens. */
  #peer: Cancellation | undefined;

  constructor(req: IncomingMessage & { body?: unknown }, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
    this.method = req.method ?? '';
  }

  get onLoopback(): boolean {
    return isLoopback(this.#req.socket);
  }

  get query(): string {
    const { url = '' } = this.#req;
    const start = url.indexOf('?');
    return start < 0 ? '' : url.slice(start + 1);
  }

  get signal(): AbortSignal {
    return this.#watched().signal;
  }

  onAbort(listener: AbortListener): () => void {
    return this.#watched().onAbort(listener);
  }

  /** One listener of the response serves all: adding one to an emitter and taking it off is a hundredth of a call. */
  #watched(): Cancellation {
    if (this.#peer) return this.#peer;
    const peer = new Cancellation();
    const res = this.#res;
    const onClose = (): void => {
      if (!res.writableFinished) peer.abort(gone());
    };
    if (res.destroyed) onClose();
    else res.on('close', onClose);
    return (this.#peer = peer);
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  headersWith(prefix: string): Record<string, string> | undefined {
    let found: Record<string, string> | undefined;
    for (const name in this.#req.headers) if (name.startsWith(prefix)) (found ??= {})[name] = this.header(name) ?? '';
    return found;
  }

  body(maxBytes: number): Promise<Uint8Array> {
    const parsed = this.#req.body;
    if (parsed !== undefined && this.#req.readableEnded) return Promise.resolve(bodyOf(parsed));
    return readBody(this.#req, maxBytes, (onGone) => this.onAbort(onGone));
  }
}

function bodyOf(parsed: unknown): Uint8Array {
  if (parsed instanceof Uint8Array) return parsed;
  return Buffer.from(typeof parsed === 'string' ? parsed : JSON.stringify(parsed));
}

/** What of a body that is too long is read all the same, before the connection is cut. Unit: bytes. */
const MAX_DROPPED_BYTES = 16 * 1024 * 1024;

/** @param listen - calls back when the peer goes away; returns what takes it back */
function readBody(
  req: IncomingMessage,
  maxBytes: number,
  listen: (onGone: AbortListener) => () => void,
): Promise<Uint8Array> {
  // Nothing more is told of a request that has been read or is gone.
  if (req.readableEnded) return Promise.resolve(new Uint8Array());
  if (req.destroyed) return Promise.reject(gone());
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let others: Buffer[] | undefined;
    let length = 0;
    const tooLarge = (): void => {
      // The rest is read and dropped: a peer that still writes would not see the answer otherwise.
      req.removeAllListeners('data');
      req.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxBytes + MAX_DROPPED_BYTES) req.destroy();
      });
      reject(new McpError('payload_too_large', `The body is longer than ${maxBytes} bytes.`));
    };
    if (Number(req.headers['content-length']) > maxBytes) {
      tooLarge();
      return;
    }
    const forget = listen(reject);
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) tooLarge();
      else if (first) (others ??= []).push(chunk);
      else first = chunk;
    });
    req.on('end', () => {
      forget();
      const body = first && !others ? first : Buffer.concat(first ? [first, ...(others ?? [])] : []);
      atEndOfTurn(() => {
        resolve(body);
      });
    });
  });
}

const gone = (): McpError => new McpError('cancelled', 'The caller went away.');

/**
 * A body up to this length is written together with the head. Unit: bytes, and characters of texts. Node joins a text to the head and makes one
 * write of both, which saves a short answer a fifth of its time; a long one costs more to copy than to write in parts:
 * an answer of 10 kB costs an eighth less so.
 */
const ONE_WRITE_BYTES = 2_048;

function writeBody(res: ServerResponse, { status, headers, body = [] }: HttpResponse): void {
  const text = shortText(body);
  // A list costs node:http less than an object does.
  const list = ['content-length', String(text?.length ?? byteLength(body))];
  for (const name in headers) list.push(name, headers[name] ?? '');
  res.writeHead(status, list);
  if (text !== undefined) res.end(text, 'latin1');
  else {
    const last = body.length - 1;
    for (let i = 0; i < last; i++) res.write(body[i]);
    res.end(body[last]);
  }
}

/** All of a short body, as a text with a character for each byte of it in UTF-8; undefined of a long one. */
function shortText(body: readonly WireJson[]): string | undefined {
  let text = '';
  for (const part of body) {
    if (text.length + part.length > ONE_WRITE_BYTES) return undefined;
    text += toLatin1(part);
  }
  return text;
}

function byteLength(body: readonly WireJson[]): number {
  let length = 0;
  for (const part of body) length += Buffer.byteLength(part);
  return length;
}

const NON_ASCII = /[^\0-\x7f]/;

/** A text with a character for each byte of a part in UTF-8. */
function toLatin1(part: WireJson): string {
  if (typeof part === 'string') return NON_ASCII.test(part) ? Buffer.from(part).toString('latin1') : part;
  return (Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.length)).toString('latin1');
}

async function writeStream(
  res: ServerResponse,
  { status, headers }: HttpResponse,
  stream: NonNullable<HttpResponse['stream']>,
): Promise<void> {
  if (!res.destroyed) res.writeHead(status, headers).flushHeaders();
  await stream(sinkOf(res));
  res.end();
}

function sinkOf(res: ServerResponse): StreamSink {
  // All that wait share one pair of listeners: more than ten would look like a leak.
  let room: Promise<void> | undefined;
  const waitForRoom = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        res.off('drain', done).off('close', done);
        room = undefined;
        resolve();
      };
      res.once('drain', done).once('close', done);
    });
  return {
    write(text) {
      if (res.destroyed || res.writableEnded || res.write(text)) return undefined;
      return (room ??= waitForRoom());
    },
  };
}
