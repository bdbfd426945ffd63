import type { Era, JsonObject } from '@org/mcp-sdk';
import { Gateway } from '../../src/index.ts';
import { modern, post, read, type Answer, type Fetch, type Headers_, type RequestOptions } from './messages.ts';
import { RecordingUpstream } from './upstream.ts';

/** What makes a gateway one that breaks a rule: wrapped around what callers, or upstreams, see of it. */
export interface Fake {
  readonly toCallers?: (next: Fetch) => Fetch;
  readonly toUpstreams?: (next: Fetch) => Fetch;
}

/** A gateway, or a fake in its place, between a caller and one upstream that are both the test's. */
export class Subject {
  readonly upstream: RecordingUpstream;
  readonly #gateway: Gateway;
  readonly #send: Fetch;

  constructor(upstreamEra: Era, fake: Fake = {}) {
    this.upstream = new RecordingUpstream(upstreamEra);
    const toUpstream = fake.toUpstreams?.(this.upstream.fetch) ?? this.upstream.fetch;
    const fetch = (url: string, init: RequestInit): Promise<Response> => toUpstream(new Request(url, init));
    const upstreams = { up: { url: 'http://upstream.test/mcp', fetch, livenessMs: 0 } };
    this.#gateway = new Gateway({ upstreams, naming: 'never', drainMs: 0 });
    this.#send = fake.toCallers?.(this.#gateway.fetch) ?? this.#gateway.fetch;
  }

  /** Sends a request as it is. */
  readonly send = (request: Request): Promise<Response> => this.#send(request);

  /** Sends a modern request and reads the answer. */
  async call(method: string, params: JsonObject = {}, options: RequestOptions = {}): Promise<Answer> {
    return read(await this.send(modern(method, params, options)));
  }

  /** Opens a legacy session. */
  async openSession(capabilities: JsonObject = {}): Promise<LegacyCaller> {
    const session = new LegacyCaller(this);
    await session.open(capabilities);
    return session;
  }

  close(): Promise<void> {
    return this.#gateway.close();
  }
}

/** A legacy caller and its session. */
export class LegacyCaller {
  readonly #subject: Subject;
  #id = 0;
  headers: Record<string, string> = {};
  /** The answer to `initialize`. */
  opened!: Answer;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  async open(capabilities: JsonObject, protocolVersion = '2025-11-25'): Promise<void> {
    const params = { protocolVersion, capabilities, clientInfo: { name: 'c', version: '1' } };
    this.opened = await this.call('initialize', params);
    this.headers = {
      'mcp-session-id': this.opened.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': String(this.opened.result.protocolVersion),
    };
    await this.post({ method: 'notifications/initialized' });
  }

  async call(method: string, params: JsonObject = {}, headers: Headers_ = {}): Promise<Answer> {
    return read(await this.post({ id: ++this.#id, method, params }, headers));
  }

  post(message: JsonObject, headers: Headers_ = {}, signal?: AbortSignal): Promise<Response> {
    return this.#subject.send(post({ jsonrpc: '2.0', ...message }, { ...this.headers, ...headers }, signal));
  }
}
