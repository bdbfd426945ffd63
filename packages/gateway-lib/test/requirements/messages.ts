import { MODERN_VERSION, type JsonObject } from '@org/mcp-sdk';
import { ENVELOPE } from '../support/raw.ts';

/** Anything with the shape of `fetch`. */
export type Fetch = (request: Request) => Promise<Response>;

/** A header to set, or `null` to leave it out. */
export type Headers_ = Readonly<Record<string, string | null>>;

/** What a request differs in. */
export interface RequestOptions {
  readonly id?: unknown;
  readonly headers?: Headers_;
  /** Put into `_meta`; `undefined` takes a key out. */
  readonly meta?: JsonObject;
  readonly signal?: AbortSignal;
}

const ENDPOINT = 'http://localhost/mcp';

/** An HTTP request of a caller. */
export function post(body: unknown, headers: Headers_ = {}, signal?: AbortSignal): Request {
  const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  return new Request(ENDPOINT, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: given,
    ...(signal ? { signal } : {}),
  });
}

/** A GET of a caller. */
export const get = (headers: Record<string, string>, signal?: AbortSignal): Request =>
  new Request(ENDPOINT, { headers: { accept: 'text/event-stream', ...headers }, ...(signal ? { signal } : {}) });

/** A modern request. */
export function modern(method: string, params: JsonObject = {}, options: RequestOptions = {}): Request {
  const { id = 1, headers = {}, meta = {}, signal } = options;
  const name = params.name ?? params.uri;
  const named = typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {};
  const mirrored = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': method, ...named };
  const body = { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...ENVELOPE, ...meta } } };
  return post(body, { ...mirrored, ...headers }, signal);
}

/** Messages of a response, one by one. */
export class Messages {
  readonly #reader: ReadableStreamDefaultReader<string> | undefined;
  #rest = '';

  constructor(response: Response) {
    this.#reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next message; undefined at the end. */
  async next(): Promise<JsonObject | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end < 0) {
        const read = await this.#reader?.read();
        if (!read || read.done) return this.#last();
        this.#rest += read.value;
        continue;
      }
      const message = messageIn(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + 1);
      if (message) return message;
    }
  }

  async all(): Promise<JsonObject[]> {
    const messages: JsonObject[] = [];
    for (let next = await this.next(); next; next = await this.next()) messages.push(next);
    return messages;
  }

  async cancel(): Promise<void> {
    await this.#reader?.cancel();
  }

  #last(): JsonObject | undefined {
    const message = messageIn(this.#rest);
    this.#rest = '';
    return message;
  }
}

function messageIn(line: string): JsonObject | undefined {
  const text = line.startsWith('data:') ? line.slice('data:'.length).trim() : line;
  return text.startsWith('{') ? (JSON.parse(text) as JsonObject) : undefined;
}

/** A response with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The messages before the final one. */
  readonly notifications: readonly JsonObject[];
  /** The final message; `{}` if there is none. */
  readonly message: JsonObject;
  readonly result: JsonObject;
  readonly error: JsonObject;
}

/** Reads a response to its end. */
export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const messages = await new Messages(new Response(text)).all();
  const message = messages.at(-1) ?? {};
  return {
    status: response.status,
    headers: response.headers,
    text,
    notifications: messages.slice(0, -1),
    message,
    result: (message.result ?? {}) as JsonObject,
    error: (message.error ?? {}) as JsonObject,
  };
}
