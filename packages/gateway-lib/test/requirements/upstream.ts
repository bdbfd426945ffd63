import { isJsonObject, META, MODERN_VERSION, type Era, type JsonObject } from '@org/mcp-sdk';

/** A request as the upstream got it. */
export interface Received {
  readonly http: string;
  readonly headers: Headers;
  /** `{}` if there is no body. */
  readonly message: JsonObject;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  readonly signal: AbortSignal;
}

/** Answers a request: a result, or a whole response. */
export type Answers = (received: Received) => JsonObject | Response | Promise<JsonObject | Response>;

const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object' } },
  {
    name: 'query',
    inputSchema: {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        limit: { type: 'integer', 'x-mcp-header': 'Limit' },
      },
    },
  },
  { name: 'spaced out', inputSchema: { type: 'object' } },
  {
    name: 'broken',
    inputSchema: { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
  },
];

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};

const RESULTS: Readonly<Record<string, JsonObject>> = {
  'server/discover': { supportedVersions: [MODERN_VERSION], capabilities: CAPABILITIES },
  initialize: { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo: { name: 'up', version: '1' } },
  'tools/list': { tools: TOOLS },
  'prompts/list': { prompts: [{ name: 'greet' }] },
  'resources/list': { resources: [{ uri: 'up://one', name: 'one' }] },
  'resources/templates/list': { resourceTemplates: [] },
  'tools/call': { content: [{ type: 'text', text: 'ok' }] },
  'prompts/get': { messages: [] },
  'resources/read': { contents: [{ uri: 'up://one', text: 'one' }] },
  'completion/complete': { completion: { values: [] } },
};

const MODERN_RESULT = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'public' };

/** Methods whose requests are for the other era. */
const FOREIGN: Readonly<Record<Era, readonly string[]>> = { modern: ['initialize'], legacy: ['server/discover'] };

/** An upstream of one era over HTTP in which nothing is of our making: it remembers what it got. */
export class RecordingUpstream {
  readonly received: Received[] = [];
  /** What it answers in place of the usual, by method. */
  readonly answers = new Map<string, Answers>();
  capabilities: JsonObject = CAPABILITIES;
  readonly #era: Era;
  readonly #streams = new Set<EventStream>();
  #session = 0;

  constructor(era: Era) {
    this.#era = era;
  }

  /** Requests of a method, oldest first. */
  of(method: string): Received[] {
    return this.received.filter(({ message }) => message.method === method);
  }

  /** Tells whoever listens. */
  tell(method: string, params: JsonObject = {}): void {
    for (const stream of this.#streams) stream.send({ method, params: { ...stream.stamp, ...params } });
  }

  /** Leaves calls of tools without an answer; resolves with the signal of the first. */
  hang(): Promise<AbortSignal> {
    return new Promise((resolve) => {
      this.answers.set('tools/call', ({ signal }) => {
        resolve(signal);
        return new Promise(() => undefined);
      });
    });
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const text = await request.text();
    const message = text === '' ? {} : (JSON.parse(text) as JsonObject);
    const params = isJsonObject(message.params) ? message.params : {};
    const meta = isJsonObject(params._meta) ? params._meta : {};
    const { method: http, headers, signal } = request;
    const received = { http, headers, message, params, meta, signal };
    this.received.push(received);
    return http === 'POST' ? this.#post(received) : this.#other(received);
  };

  async #post(received: Received): Promise<Response> {
    const { message } = received;
    const method = String(message.method);
    const answer = await this.answers.get(method)?.(received);
    if (answer instanceof Response) return answer;
    if (message.id === undefined) return new Response(null, { status: 202 });
    if (answer) return json(message, { result: answer });
    if (FOREIGN[this.#era].includes(method)) return json(message, { error: { code: -32601, message: 'no' } }, 404);
    if (method === 'subscriptions/listen') return this.#listen(received);
    if (method === 'initialize')
      return json(message, { result: { ...RESULTS.initialize, capabilities: this.capabilities } }, 200, {
        'mcp-session-id': `s-${++this.#session}`,
      });
    const result =
      method === 'server/discover' ? { ...RESULTS[method], capabilities: this.capabilities } : RESULTS[method];
    return json(message, { result: { ...(this.#era === 'modern' ? MODERN_RESULT : {}), ...result } });
  }

  #listen({ message, params, signal }: Received): Response {
    const _meta = { [META.subscriptionId]: message.id };
    const stream = this.#open(signal, { _meta });
    stream.send({ method: 'notifications/subscriptions/acknowledged', params: { _meta, ...params } });
    return stream.response;
  }

  #other({ http, signal }: Received): Response {
    if (http !== 'GET') return new Response(null, { status: 200 });
    if (this.#era === 'modern') return new Response(null, { status: 405 });
    return this.#open(signal, {}).response;
  }

  #open(signal: AbortSignal, stamp: JsonObject): EventStream {
    const stream = new EventStream(stamp);
    this.#streams.add(stream);
    signal.addEventListener('abort', () => {
      this.#streams.delete(stream);
      stream.end();
    });
    return stream;
  }
}

/** A response that is one JSON-RPC message. */
export const json = (
  { id }: JsonObject,
  body: JsonObject,
  status = 200,
  headers: Record<string, string> = {},
  // eslint-disable-next-line max-params -- as a response is written
): Response =>
  new Response(JSON.stringify({ jsonrpc: '2.0', id, ...body }), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });

/** A stream of events. */
export class EventStream {
  readonly response: Response;
  readonly stamp: JsonObject;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #open = true;

  constructor(stamp: JsonObject = {}) {
    this.stamp = stamp;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#open = false;
      },
    });
    this.response = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  send(message: JsonObject): void {
    const text = `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
    if (this.#open) this.#controller.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    if (this.#open) this.#controller.close();
    this.#open = false;
  }
}

/** A response that is a stream of some messages. */
export function events(...messages: JsonObject[]): Response {
  const stream = new EventStream();
  for (const message of messages) stream.send(message);
  stream.end();
  return stream.response;
}
