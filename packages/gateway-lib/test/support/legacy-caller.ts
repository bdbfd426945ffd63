import type { JsonObject } from '@org/mcp-sdk';
import type { Gateway } from '../../src/index.ts';
import { eventsOf } from './raw.ts';

/** What a legacy caller says of itself. */
export interface LegacyCallerOptions {
  readonly version?: string;
  readonly capabilities?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A legacy caller of a gateway in plain messages: shows what no client lets through. */
export class LegacyCaller {
  readonly #gateway: Pick<Gateway, 'fetch'>;
  readonly #headers: Readonly<Record<string, string>>;
  /** What `initialize` was answered with. */
  readonly server: JsonObject;
  #nextId = 1;

  constructor(gateway: Pick<Gateway, 'fetch'>, headers: Readonly<Record<string, string>>, server: JsonObject = {}) {
    this.#gateway = gateway;
    this.#headers = headers;
    this.server = server;
  }

  /** Opens a session. */
  static async open(gateway: Gateway, options: LegacyCallerOptions = {}): Promise<LegacyCaller> {
    const { version = '2025-11-25', capabilities = {}, headers = {} } = options;
    const stranger = new LegacyCaller(gateway, headers);
    const params = { protocolVersion: version, capabilities, clientInfo: { name: 'caller', version: '1' } };
    const response = await stranger.post({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const { result } = (await response.json()) as { result: JsonObject };
    const session = { ...headers, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
    const caller = new LegacyCaller(gateway, session, result);
    await caller.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return caller;
  }

  /** The same session through another gateway. */
  at(gateway: Gateway): LegacyCaller {
    return new LegacyCaller(gateway, this.#headers, this.server);
  }

  /** Makes a call; resolves with all messages of its answer. */
  async call(method: string, params: JsonObject = {}): Promise<JsonObject[]> {
    const response = await this.post({ jsonrpc: '2.0', id: this.#nextId++, method, params });
    const text = await response.text();
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return [JSON.parse(text) as JsonObject];
    return eventsOf(text);
  }

  /** Makes a call; resolves with the response alone. */
  async answer(method: string, params: JsonObject = {}): Promise<JsonObject> {
    return (await this.call(method, params)).at(-1) ?? {};
  }

  /** Posts anything. */
  post(message: unknown): Promise<Response> {
    const headers = {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...this.#headers,
    };
    return this.#gateway.fetch(
      new Request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(message) }),
    );
  }

  /** Opens the stream of the session, or goes on with one. */
  async *listen(signal: AbortSignal, lastEventId?: string): AsyncGenerator<{ id: string; message: JsonObject }> {
    const headers = {
      ...{ accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      ...this.#headers,
    };
    const response = await this.#gateway.fetch(new Request('http://localhost/mcp', { headers, signal }));
    let rest = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const events = (rest + Buffer.from(chunk).toString()).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: ?(\S.*)$/m.exec(event)?.[1];
        const id = /^id: ?(.+)$/m.exec(event)?.[1] ?? '';
        if (data !== undefined) yield { id, message: JSON.parse(data) as JsonObject };
      }
    }
  }
}
