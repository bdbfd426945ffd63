import { McpError, type Call, type Clock, type Handler, type JsonObject, type Random, type Reply } from '@org/mcp-sdk';
import { ParkedCalls, type Connection, type ServerRequest } from '@org/mcp-sdk/connect';
import type { Tenant } from './isolation.ts';
import type { SessionTerms } from './transport.ts';

/** What sessions work with. */
export interface UpstreamSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What servers are answered that ask for roots: those of the upstream's options. @defaultValue its callers are asked */
  readonly roots?: readonly JsonObject[] | undefined;
}

/**
 * One session of a legacy server: what it asks in the middle of a call goes to the caller of that call, whose call is
 * held meanwhile.
 */
export class UpstreamSession {
  readonly tenant: Tenant;
  lastUsed = 0;
  /** Told when it is closed. */
  onClose: () => void = () => undefined;
  readonly #options: UpstreamSessionOptions;
  readonly #parked: ParkedCalls;
  #connection: Promise<Connection> | undefined;

  constructor(tenant: Tenant, options: UpstreamSessionOptions) {
    this.tenant = tenant;
    this.#options = options;
    this.#parked = new ParkedCalls(options.clock, options.random, { isOneCaller: tenant.isEverybody !== true });
  }

  /** How it is opened. */
  terms(capabilities: JsonObject, isIsolated = false): SessionTerms {
    const { roots } = this.#options;
    const clientCapabilities = roots ? { ...capabilities, roots: {} } : capabilities;
    return { clientCapabilities, reopens: !isIsolated, answer: (request) => this.#answer(request) };
  }

  /** Whether calls run in it, or wait for their callers. */
  get isBusy(): boolean {
    return this.#parked.size > 0;
  }

  /** Whether it holds the call that a state names. */
  holds(requestState: string): boolean {
    return this.#parked.has(requestState);
  }

  /** Opens it, once. */
  open(open: () => Promise<Connection>): Promise<Connection> {
    return (this.#connection ??= open());
  }

  /** Answers a call in it, in as many rounds as the server has questions. */
  answer(call: Call, open: () => Promise<Connection>): Promise<Reply> {
    this.lastUsed = this.#options.clock.now();
    // What the server asks while the session is opened belongs to the call that opens it.
    const next: Handler = async (sent) => (await this.open(open)).handler(sent);
    // Nothing can be asked in the middle of a notification.
    return call.isNotification ? next(call) : this.#parked.answer(call, next);
  }

  /** Tells the server, if it is open, that the roots of its caller have changed; roots of options never do. */
  async rootsChanged(call: Call): Promise<void> {
    if (!this.#options.roots) await (await this.#connection)?.handler(call);
  }

  /** Ends it, and what it holds. */
  async close(): Promise<void> {
    this.onClose();
    this.#parked.close();
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }

  #answer(request: ServerRequest): Promise<JsonObject> {
    const { roots } = this.#options;
    if (roots && request.method === 'roots/list') return Promise.resolve({ roots });
    const ask = this.tenant.conversation?.ask;
    return this.#parked.ask(request, ask && (({ method, params }) => ask(method, params, request.signal)));
  }
}

/** What a caller learns whose session of the server is gone. */
export const sessionLost = (why: string): McpError =>
  new McpError('session_not_found', `The session that was kept for this caller is gone: ${why}`);
