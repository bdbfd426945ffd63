import {
  McpError,
  Payload,
  resultReply,
  type Call,
  type Era,
  type Fact,
  type Handler,
  type JsonObject,
  type Reply,
  type Telemetry,
} from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Endpoint, EndpointState, InFlight, Permit, TransportKind, Upstream } from '../../src/core/upstream.ts';
import type { Transport } from '../../src/registry/transport.ts';

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Makes a {@link Deferred}. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody may be waiting when the test rejects it.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Telemetry that remembers. */
export class Recorder implements Telemetry {
  readonly facts: Fact[] = [];

  record(fact: Fact): void {
    this.facts.push(fact);
  }

  /** Names of the facts, in order. */
  get names(): string[] {
    return this.facts.map(({ name }) => name);
  }
}

/** A reply that is `value`. */
export const answer = (value: JsonObject): Reply =>
  resultReply(Payload.of<JsonObject>({ resultType: 'complete', ...value }));

/** A handler that answers `value` to everything. */
export const answering =
  (value: JsonObject): Handler =>
  () =>
    Promise.resolve(answer(value));

/** A connection whose other side is the test. */
export class FakeConnection implements Connection {
  era: Era = 'modern';
  readonly version = '2026-07-28';
  server: Connection['server'] = { serverInfo: { name: 'fake' }, capabilities: { tools: {} }, instructions: undefined };
  readonly pings: Deferred<void>[] = [];
  readonly calls: Call[] = [];
  closes = 0;
  #lost = deferred<unknown>();
  respond: Handler = answering({ content: [] });

  readonly closed = this.#lost.promise;

  readonly handler: Handler = (call) => {
    this.calls.push(call);
    return this.respond(call);
  };

  ping(signal: AbortSignal): Promise<void> {
    const ping = deferred();
    this.pings.push(ping);
    signal.addEventListener('abort', () => {
      ping.reject(McpError.from(signal.reason));
    });
    return ping.promise;
  }

  /** The server goes away. */
  lose(reason?: unknown): void {
    this.#lost.resolve(reason);
  }

  close(): Promise<void> {
    this.closes++;
    this.lose('closed');
    return Promise.resolve();
  }
}

/** A transport whose attempts the test settles. */
export class FakeTransport implements Transport {
  readonly label = 'fake';
  readonly attempts: (Deferred<Connection> & { signal: AbortSignal })[] = [];
  readonly kind: TransportKind;
  readonly supervised: boolean;

  constructor(kind: TransportKind = 'stdio') {
    this.kind = kind;
    this.supervised = kind === 'stdio';
  }

  open(signal: AbortSignal): Promise<Connection> {
    const attempt = Object.assign(deferred<Connection>(), { signal });
    this.attempts.push(attempt);
    signal.addEventListener('abort', () => {
      attempt.reject(McpError.from(signal.reason));
    });
    return attempt.promise;
  }

  /** The latest attempt. */
  get last(): Deferred<Connection> & { signal: AbortSignal } {
    const last = this.attempts.at(-1);
    if (!last) throw new McpError('internal', 'no attempt yet');
    return last;
  }
}

/** An endpoint in any state. */
export class FakeEndpoint implements Endpoint {
  readonly label: string;
  readonly kind: TransportKind = 'http';
  state: EndpointState;
  readonly inFlight = new Set<InFlight>();
  readonly suspicions: string[] = [];
  #connecting: Promise<Connection>;

  constructor(label: string, connection: Connection = new FakeConnection()) {
    this.label = label;
    this.state = { status: 'ready', connection };
    this.#connecting = Promise.resolve(connection);
  }

  /** It is reached once this resolves. */
  set connecting(connecting: Promise<Connection>) {
    this.#connecting = connecting;
    this.state = { status: 'connecting', first: true };
    void connecting.then(
      (connection) => (this.state = { status: 'ready', connection }),
      () => undefined,
    );
  }

  get load(): number {
    return this.inFlight.size;
  }

  connection(): Promise<Connection> {
    return this.#connecting;
  }

  enter(call: InFlight): Permit {
    this.inFlight.add(call);
    return { release: () => void this.inFlight.delete(call) };
  }

  suspect(reason: string): void {
    this.suspicions.push(reason);
  }
}

/** An upstream of these endpoints. */
export const upstreamOf = (name: string, ...endpoints: Endpoint[]): Upstream => ({ name, endpoints, timeoutMs: 1_000 });
