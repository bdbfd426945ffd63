import type { HttpClient, HttpClientRequest } from '../../src/connect/http-client.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Channel, ChannelEvents } from '../../src/wire/channel.ts';
import type { WireJson } from '../../src/wire/encode.ts';
import { PushQueue } from '../../src/wire/queue.ts';
import { encodeEvent } from '../../src/wire/sse.ts';
import { bytes, text } from './property.ts';

const parse = (json: WireJson): JsonObject => JSON.parse(text(json)) as JsonObject;

/** A channel whose other side is the test. */
export class FakeChannel implements Channel {
  readonly sent: JsonObject[] = [];
  closed = false;
  #events: ChannelEvents | undefined;
  /** Called with each message that is sent. */
  onSend: (message: JsonObject) => void = () => undefined;

  open(events: ChannelEvents): void {
    this.#events = events;
  }

  send(json: WireJson): undefined {
    const message = parse(json);
    this.sent.push(message);
    this.onSend(message);
  }

  close(): undefined {
    this.lose();
  }

  /** Delivers a message: a value, or text as it is. */
  receive(message: JsonObject | unknown[] | string): void {
    this.#events?.message(bytes(typeof message === 'string' ? message : JSON.stringify(message)));
  }

  /** The other side goes away. */
  lose(reason?: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.#events?.close(reason);
  }

  /** Messages sent with this method. */
  sentAs(method: string): JsonObject[] {
    return this.sent.filter((message) => message.method === method);
  }
}

/** What a fake server answers: a status and a JSON value, text, or a stream of events. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly events?: AsyncIterable<Uint8Array>;
}

/** One request as a fake server sees it. */
export interface FakeRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly message: JsonObject;
  readonly signal: AbortSignal;
}

/** An HTTP client without HTTP: the test answers. */
export class FakeHttpClient implements HttpClient {
  readonly requests: FakeRequest[] = [];
  cancelled = 0;
  closed = false;
  readonly #answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

  constructor(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) {
    this.#answer = answer;
  }

  async request({ method, headers, body, signal }: HttpClientRequest): ReturnType<HttpClient['request']> {
    const request = { method, headers, signal, message: body === undefined ? {} : parse(body) };
    this.requests.push(request);
    const answer = await this.#answer(request);
    return {
      status: answer.status ?? 200,
      header: (name) => answer.headers?.[name],
      body: answer.events ?? bytes(answer.text ?? (answer.json === undefined ? '' : JSON.stringify(answer.json))),
      cancel: () => {
        this.cancelled++;
      },
    };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** A stream of events that the test writes. */
export class FakeEvents extends PushQueue<Uint8Array> {
  /** Writes a message as an event. */
  event(message: JsonObject | string): this {
    this.push(bytes(encodeEvent(typeof message === 'string' ? message : JSON.stringify(message))));
    return this;
  }

  /** Ends the stream. */
  done(): this {
    this.end();
    return this;
  }
}

/** A response with a result. */
export const ok = (message: JsonObject, result: JsonObject): JsonObject => ({ jsonrpc: '2.0', id: message.id, result });

/** A response with an error. */
export const fail = (message: JsonObject, code: number, data?: unknown): JsonObject => ({
  jsonrpc: '2.0',
  id: message.id ?? null,
  error: { code, message: `error ${code}`, ...(data === undefined ? {} : { data }) },
});

/** What a legacy server answers to `initialize`. */
export const initialized = (message: JsonObject, capabilities: JsonObject = {}, version = '2025-06-18'): JsonObject =>
  ok(message, { protocolVersion: version, capabilities, serverInfo: { name: 'old', version: '1' } });

/** What a modern server answers to `server/discover`. */
export const discovered = (message: JsonObject): JsonObject =>
  ok(message, {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    instructions: 'hi',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'new', version: '2' } },
  });
