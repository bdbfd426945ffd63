import { McpError, type Clock, type Telemetry } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import { LinkedList, type ListItem } from '@org/mcp-sdk/wire';
import {
  isUsable,
  reasonOf,
  type Endpoint,
  type EndpointState,
  type InFlight,
  type Permit,
  type TransportKind,
} from '../core/upstream.ts';
import { httpStatusOf, isAnswer } from './answer.ts';
import type { Backoff } from './backoff.ts';
import type { Transport } from './transport.ts';

/** How an endpoint is kept alive. */
export interface SupervisorOptions {
  readonly upstream: string;
  /** Limit for reaching the server, from the start of its process to the end of the handshake. Unit: ms. */
  readonly connectTimeoutMs: number;
  /** How long a call waits for an endpoint that is being reached again. Unit: ms. */
  readonly reconnectWaitMs: number;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Watches calls; made when the endpoint is ready. */
  readonly watch: (endpoint: SupervisedEndpoint) => CallWatch;
  /** Told when the endpoint takes calls, for the first time or again after its server was replaced. */
  readonly onReady: (endpoint: SupervisedEndpoint, connection: Connection) => void;
}

/** Notices an endpoint that went silent. */
export interface CallWatch {
  enter(): void;
  leave(alive: boolean): void;
}

/** Limit for the sign of life of a server that was lost: a ping into a black hole must not delay the next. Unit: ms. */
const REVIVE_TIMEOUT_MS = 1_500;

/** A server behind a URL has this many times as long for a ping as reaching it took: it may be far away. */
const PING_FACTOR = 3;
/** The most that this may give it. Unit: ms. */
const MAX_PING_MS = 5_000;

/** An endpoint that is reached when first needed, and reached again when it is lost. */
export class SupervisedEndpoint implements Endpoint {
  readonly label: string;
  readonly kind: TransportKind;
  state: EndpointState = { status: 'idle' };
  /** How long it took to reach the server anew, the last time. Unit: ms. */
  #reachedInMs = 0;
  readonly #transport: Transport;
  readonly #options: SupervisorOptions;
  /** Calls that it is working on. */
  readonly #inFlight = new LinkedList<Visit>();
  readonly #closing = new AbortController();
  #attempt: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #lost: Connection | undefined;
  #watch: CallWatch | undefined;
  /** The connection that is asked for a sign of life. */
  #suspected: Connection | undefined;
  /** Connections that were given up and are being closed. */
  readonly #dropped = new Set<Promise<void>>();

  constructor(transport: Transport, options: SupervisorOptions) {
    this.#transport = transport;
    this.#options = options;
    this.label = transport.label;
    this.kind = transport.kind;
  }

  get load(): number {
    return this.#inFlight.size;
  }

  /** How long a server needs to have for a ping because it is far away. Unit: ms; 0 for one that is not elsewhere. */
  get pingMs(): number {
    const isElsewhere = this.kind === 'http' || this.kind === 'websocket';
    return isElsewhere ? Math.min(this.#reachedInMs * PING_FACTOR, MAX_PING_MS) : 0;
  }

  async connection(): Promise<Connection> {
    if (this.state.status === 'idle') this.start();
    if (this.state.status === 'connecting') await this.#waitForAttempt(this.state.first);
    if (this.state.status === 'ready') return this.state.connection;
    throw new McpError('unavailable', this.#whyNot());
  }

  /** Starts reaching the server, unless that is done or under way. */
  start(): void {
    if (this.state.status === 'idle') this.#reach(true);
  }

  enter(call: InFlight): Permit {
    return new Visit(call, this, { calls: this.#inFlight, watch: this.#watch });
  }

  /**
   * One call that failed says little of the others: the server is asked, and they fail only if it does not answer. It
   * takes calls meanwhile.
   */
  suspect(): void {
    if (this.state.status !== 'ready' || this.kind === 'in-process') return;
    const { connection } = this.state;
    if (this.#suspected === connection) return;
    this.#suspected = connection;
    void this.#ask(connection).finally(() => {
      if (this.#suspected === connection) this.#suspected = undefined;
    });
  }

  /** The server answers no longer, but its process or address is still there: asked again until it does. */
  lose(reason: string): void {
    if (this.state.status === 'ready') {
      this.#lost = this.state.connection;
      this.#down(reason);
    } else this.#failAll(reason);
  }

  /** Gives an endpoint that takes no calls another chance: a server that was lost is let go, and one reached anew. */
  restart(): void {
    const { status } = this.state;
    if (status === 'idle' || status === 'ready' || this.#closing.signal.aborted) return;
    if (status === 'connecting' && !this.#lost) return;
    this.#cancelRetry?.();
    this.#forget();
    this.#options.backoff.reset();
    this.#reach(true);
  }

  /** Lets go of the server; running calls fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelRetry?.();
    const connection = this.state.status === 'ready' ? this.state.connection : this.#lost;
    this.#enter({ status: 'stopped', reason: 'the gateway is closed' });
    this.#failAll('the gateway is closed');
    await this.#attempt;
    await connection?.close();
    await Promise.all(this.#dropped);
  }

  #reach(first: boolean): void {
    this.#cancelRetry = undefined;
    const reason = reasonOf(this.state);
    this.#enter({ status: 'connecting', first, ...(reason === undefined ? {} : { reason }) });
    const attempt = this.#open().catch((thrown: unknown) => {
      // A restart may have put another in its place.
      if (this.#attempt === attempt) this.#failed(McpError.from(thrown));
    });
    this.#attempt = attempt;
  }

  async #open(): Promise<void> {
    const lost = this.#lost;
    const connection = lost ? await this.#ping(lost) : await this.#openNew();
    if (this.#closing.signal.aborted) await connection.close();
    else if (lost === this.#lost) this.#ready(connection);
  }

  async #openNew(): Promise<Connection> {
    const { clock, connectTimeoutMs } = this.#options;
    const since = clock.now();
    const connection = await this.#within(connectTimeoutMs, (signal) => this.#transport.open(signal));
    this.#reachedInMs = clock.now() - since;
    return connection;
  }

  /** Asks for a sign of life. */
  async #ping(connection: Connection): Promise<Connection> {
    const timeoutMs = Math.min(Math.max(REVIVE_TIMEOUT_MS, this.pingMs), this.#options.connectTimeoutMs);
    await this.#within(timeoutMs, (signal) => connection.ping(signal));
    return connection;
  }

  async #within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = new AbortController();
    const stop = this.#options.clock.after(timeoutMs, () => {
      timeout.abort(new McpError('timeout', `no answer within ${timeoutMs} ms`));
    });
    try {
      return await work(AbortSignal.any([timeout.signal, this.#closing.signal]));
    } finally {
      stop();
    }
  }

  /** Asks a server that takes calls; one that does not answer is lost. */
  async #ask(connection: Connection): Promise<void> {
    try {
      await this.#ping(connection);
    } catch (thrown) {
      if (this.state.status !== 'ready' || this.state.connection !== connection) return;
      // "Not found": something else may be at that address by now.
      if (isAnswer(thrown) && httpStatusOf(thrown) !== 404) return;
      this.#lost = connection;
      if (!this.#transport.supervised) this.#forget();
      this.#down(McpError.from(thrown).message);
    }
  }

  #ready(connection: Connection): void {
    const replaced = connection !== this.#lost;
    this.#lost = undefined;
    this.#enter({ status: 'ready', connection });
    this.#watchCalls();
    this.#options.backoff.succeeded();
    if (!replaced) return;
    void connection.closed.then((reason) => {
      this.#gone(connection, reason);
    });
    this.#options.onReady(this, connection);
  }

  /** Gives the calls that wait, or outlived the connection before, to a new watch. */
  #watchCalls(): void {
    const watch = this.#options.watch(this);
    this.#watch = watch;
    for (const visit of this.#inFlight.values()) visit.watchWith(watch);
  }

  /** The server is gone: the next attempt starts anew. */
  #gone(connection: Connection, reason: unknown): void {
    if (this.state.status === 'stopped') return;
    if (this.state.status === 'ready' ? this.state.connection !== connection : this.#lost !== connection) return;
    this.#lost = connection;
    this.#forget();
    this.#down(`${this.label} ended${reason instanceof Error ? ` (${reason.message})` : ''}`);
  }

  #failed(error: McpError): void {
    // The server may have ended while it was asked: that is counted already.
    if (this.state.status !== 'connecting') return;
    if (!this.#transport.supervised) this.#forget();
    if (error.code === 'invalid_options') this.#stop(error.message);
    else this.#down(error.message);
  }

  /** What is elsewhere may be another server by now, which knows nothing of this session: the next attempt starts anew. */
  #forget(): void {
    if (!this.#lost) return;
    const closed = this.#lost.close().finally(() => this.#dropped.delete(closed));
    this.#dropped.add(closed);
    this.#lost = undefined;
  }

  #down(reason: string): void {
    const delayMs = this.#options.backoff.next(this.#transport.supervised && !this.#lost);
    if (delayMs === undefined) {
      this.#stop(`it kept crashing: ${reason}`);
      return;
    }
    this.#enter({ status: 'down', reason });
    this.#failAll(reason);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(delayMs, () => {
      this.#reach(false);
    });
  }

  #stop(reason: string): void {
    this.#enter({ status: 'stopped', reason });
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    for (const { call } of this.#inFlight.values()) call.fail(new McpError('unavailable', reason));
  }

  async #waitForAttempt(first: boolean): Promise<void> {
    if (first) return this.#attempt;
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(this.#options.reconnectWaitMs, resolve);
    });
    await Promise.race([this.#attempt, patience]);
    cancel();
  }

  #whyNot(): string {
    const reason = reasonOf(this.state);
    if (this.state.status === 'connecting')
      return ['it is being reached again', ...(reason ? [reason] : [])].join(': ');
    return reason ?? 'it is not ready';
  }

  #enter(state: EndpointState): void {
    this.state = state;
    this.#options.telemetry.record({
      name: `upstream.${state.status}`,
      severity: state.status === 'down' || state.status === 'stopped' ? 'warn' : 'info',
      fields: {
        upstream: this.#options.upstream,
        endpoint: this.label,
        ...('reason' in state ? { reason: state.reason } : {}),
      },
    });
  }
}

/** A call that an endpoint is working on, with the watch that counts it. */
class Visit implements Permit {
  readonly call: InFlight;
  readonly #endpoint: Endpoint;
  readonly #item: ListItem<Visit>;
  #watch: CallWatch | undefined;

  constructor(
    call: InFlight,
    endpoint: Endpoint,
    { calls, watch }: { readonly calls: LinkedList<Visit>; readonly watch: CallWatch | undefined },
  ) {
    this.call = call;
    this.#endpoint = endpoint;
    this.#item = calls.add(this);
    this.#watch = watch;
    watch?.enter();
  }

  /** Gives it to a new watch. */
  watchWith(watch: CallWatch): void {
    this.#watch?.leave(false);
    watch.enter();
    this.#watch = watch;
  }

  release(): void {
    if (this.#item.remove()) this.#watch?.leave(isUsable(this.#endpoint));
  }
}
