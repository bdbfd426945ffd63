import {
  classOf,
  McpError,
  noReply,
  ROOTS_CHANGED,
  type Call,
  type CallerSession,
  type Era,
  type Handler,
  type JsonObject,
  type Reply,
} from '@org/mcp-sdk';
import type { Connection, ServerDescription } from '@org/mcp-sdk/connect';
import { ANY_CALLER, capabilityClass, NO_CALLER, type CapabilityClass } from './capability-class.ts';
import { EVERYBODY, Tenants, type Isolation, type Tenant } from './isolation.ts';
import { explained } from './lacking-tools.ts';
import type { Transport } from './transport.ts';
import { sessionLost, UpstreamSession, type UpstreamSessionOptions } from './upstream-session.ts';

/** How the sessions of one legacy endpoint are kept. */
export interface UpstreamSessionsOptions extends UpstreamSessionOptions {
  readonly isolation: Isolation;
  /** What the one session is told that can be asked, where all callers share one. @defaultValue a session for each class */
  readonly sharedCapabilities?: JsonObject | undefined;
  /** How long a session may take to open. Unit: ms. */
  readonly connectTimeoutMs: number;
}

/** Classes of callers, or of one tenant, that have a session of their own; the callers of further ones cannot be asked. */
const MAX_CLASSES = 8;

/** After this time of no use the session of a class gives way to that of another one. Unit: ms. */
const REST_MS = 60_000;

/** Sessions that are kept for one tenant each. */
const MAX_ISOLATED = 1_000;

/** The same where each is a process. */
const MAX_CHILDREN = 100;

/** How long a session is kept that its tenant does not use. Unit: ms. */
const IDLE_MS = 30 * 60 * 1000;

/**
 * Makes a transport whose legacy servers can ask the callers of the gateway: it opens as many sessions as there are kinds
 * of callers, or callers. To a modern server it changes nothing.
 */
export const withSessions = (transport: Transport, options: UpstreamSessionsOptions): Transport => ({
  kind: transport.kind,
  label: transport.label,
  supervised: transport.supervised,
  async open(signal) {
    const { sharedCapabilities } = options;
    const base = new UpstreamSession(EVERYBODY, options);
    const { capabilities } = sharedCapabilities ? { capabilities: sharedCapabilities } : ANY_CALLER;
    const connection = await base.open(() => transport.open(signal, base.terms(capabilities)));
    return new UpstreamSessions({ base, connection, transport, options });
  },
});

interface Parts {
  /** The session in which lists are read, and changes told of. */
  readonly base: UpstreamSession;
  readonly connection: Connection;
  readonly transport: Transport;
  readonly options: UpstreamSessionsOptions;
}

class UpstreamSessions implements Connection {
  readonly closed: Promise<unknown>;
  readonly #parts: Parts;
  readonly #tenants: Tenants;
  readonly #sessions = new Map<string, UpstreamSession>();
  #isClosed = false;
  #stopSweeping: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#tenants = new Tenants(parts.options.isolation);
    this.closed = parts.connection.closed;
    void this.closed.then(() => this.#closeSessions('its server is gone'));
  }

  get era(): Era {
    return this.#parts.connection.era;
  }

  get version(): string {
    return this.#parts.connection.version;
  }

  get server(): ServerDescription {
    return this.#parts.connection.server;
  }

  readonly handler = (call: Call): Promise<Reply> => {
    const { connection } = this.#parts;
    if (call.method === ROOTS_CHANGED) return this.#rootsChanged(call);
    if (connection.era === 'modern' || classOf(call.method) !== 'unary') return connection.handler(call);
    return this.#answer(call);
  };

  ping(signal: AbortSignal): Promise<void> {
    return this.#parts.connection.ping(signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeSessions('the gateway let go of it');
    await this.#parts.base.close();
  }

  /** Only a server that has a session for the caller alone has asked it for its roots. */
  async #rootsChanged(call: Call): Promise<Reply> {
    const tenant = this.#tenants.of(call);
    const own = tenant.isEverybody ? [] : this.#sessionsOf(tenant);
    await Promise.all(own.map((session) => session.rootsChanged(call)));
    return noReply();
  }

  async #answer(call: Call): Promise<Reply> {
    const held = this.#holderOf(call);
    if (held) return this.#answerIn(held, call, NO_CALLER);
    const tenant = this.#tenants.of(call);
    if (tenant.conversation?.isResumed && this.#sessionsOf(tenant).length === 0) {
      tenant.conversation.end?.('it began on another replica');
      throw sessionLost('it was kept by another replica of this gateway.');
    }
    const { sharedCapabilities } = this.#parts.options;
    if (!this.#tenants.areIsolated && sharedCapabilities) return this.#answerIn(this.#parts.base, call, NO_CALLER);
    const known = this.#classFor(tenant, call);
    return this.#answerIn(this.#sessionOf(tenant, known), call, known);
  }

  async #answerIn(session: UpstreamSession, call: Call, known: CapabilityClass): Promise<Reply> {
    const open = (): Promise<Connection> => this.#open(session, known.capabilities);
    const server = async (): Promise<Handler> => (await session.open(open)).handler;
    const answered = session.answer(call, open);
    const answering =
      session === this.#parts.base ? answered : answered.then((reply) => explained(reply, { call, known, server }));
    if (session.tenant.isOneCall) void this.#dropAfter(answering, session);
    return answering;
  }

  /** A call that is held goes on with the next round. */
  async #dropAfter(answering: Promise<Reply>, session: UpstreamSession): Promise<void> {
    await answering.then(({ done }) => done).catch(() => undefined);
    if (!session.isBusy) await this.#drop(session);
  }

  /** A caller that goes on with a call that is held; who it is was looked at when its state was opened. */
  #holderOf({ params, round }: Call): UpstreamSession | undefined {
    const state = round > 0 ? params.value.requestState : undefined;
    if (typeof state !== 'string') return undefined;
    return [this.#parts.base, ...this.#sessions.values()].find((session) => session.holds(state));
  }

  #classFor(tenant: Tenant, call: Call): CapabilityClass {
    const known = capabilityClass(call, tenant.isEverybody !== true);
    if (this.#sessions.has(nameOf(tenant, known))) return known;
    const own = this.#sessionsOf(tenant);
    return own.length < MAX_CLASSES || this.#giveWay(own) ? known : NO_CALLER;
  }

  /** Ends the session that has rested longest: else who has taken them all first would have them for ever. */
  #giveWay(sessions: readonly UpstreamSession[]): boolean {
    const until = this.#parts.options.clock.now() - REST_MS;
    // What is kept for a conversation ends with it, not before.
    const [oldest] = sessions
      .filter(({ isBusy, lastUsed, tenant }) => !isBusy && lastUsed <= until && !tenant.conversation)
      .sort((one, other) => one.lastUsed - other.lastUsed);
    if (oldest) void this.#drop(oldest);
    return oldest !== undefined;
  }

  #sessionsOf({ key }: Tenant): UpstreamSession[] {
    return [...this.#sessions.values()].filter(({ tenant }) => tenant.key === key);
  }

  #sessionOf(tenant: Tenant, known: CapabilityClass): UpstreamSession {
    if (!this.#tenants.areIsolated && known.key === ANY_CALLER.key) return this.#parts.base;
    const name = nameOf(tenant, known);
    const kept = this.#sessions.get(name);
    if (kept) return kept;
    if (tenant.conversation?.ended.aborted) throw new McpError('cancelled', 'The conversation of the call has ended.');
    if (this.#isClosed) throw new McpError('unavailable', 'its connection was closed');
    this.#makeRoom();
    const session = new UpstreamSession(tenant, this.#parts.options);
    this.#sessions.set(name, session);
    if (tenant.conversation) this.#endWith(tenant.conversation, session);
    return session;
  }

  #endWith({ ended }: CallerSession, session: UpstreamSession): void {
    // Each upstream listens: on the signal itself that would look like a leak.
    const over = AbortSignal.any([ended]);
    const drop = (): void => void this.#drop(session);
    over.addEventListener('abort', drop, { once: true });
    session.onClose = () => {
      over.removeEventListener('abort', drop);
    };
  }

  async #open(session: UpstreamSession, capabilities: JsonObject): Promise<Connection> {
    const { transport, options } = this.#parts;
    const { clock, connectTimeoutMs } = options;
    const timeout = new AbortController();
    const stop = clock.after(connectTimeoutMs, () => {
      timeout.abort(new McpError('timeout', `its session was not open within ${connectTimeoutMs} ms`));
    });
    try {
      const terms = session.terms(capabilities, this.#tenants.areIsolated);
      const connection = await transport.open(timeout.signal, terms);
      void connection.closed.then(() => this.#lost(session));
      return connection;
    } catch (thrown) {
      // The next call tries again.
      void this.#drop(session);
      throw thrown;
    } finally {
      stop();
    }
  }

  /** What was kept for a caller cannot be made anew: its conversation ends with it. */
  #lost(session: UpstreamSession): void {
    if (!this.#isKept(session)) return;
    void this.#drop(session);
    session.tenant.conversation?.end?.('The session that was kept for it is gone.');
  }

  #isKept(session: UpstreamSession): boolean {
    return [...this.#sessions.values()].includes(session);
  }

  async #drop(session: UpstreamSession): Promise<void> {
    for (const [name, kept] of this.#sessions) if (kept === session) this.#sessions.delete(name);
    await session.close();
  }

  /** Ends the session that was used longest ago if there are too many, and from time to time those that nobody uses. */
  #makeRoom(): void {
    const { transport, options } = this.#parts;
    this.#stopSweeping ??= options.clock.after(IDLE_MS, () => {
      this.#sweep();
    });
    if (this.#sessions.size < (transport.kind === 'stdio' ? MAX_CHILDREN : MAX_ISOLATED)) return;
    const [oldest] = this.#idle().sort((one, other) => one.lastUsed - other.lastUsed);
    if (!oldest) throw new McpError('overloaded', 'too many callers have a session of their own there');
    this.#lost(oldest);
  }

  #sweep(): void {
    this.#stopSweeping = undefined;
    const { clock } = this.#parts.options;
    const until = clock.now() - IDLE_MS;
    for (const session of this.#idle()) if (session.lastUsed <= until) this.#lost(session);
    if (this.#sessions.size > 0) this.#stopSweeping = clock.after(IDLE_MS, this.#sweep.bind(this));
  }

  #idle(): UpstreamSession[] {
    return [...this.#sessions.values()].filter(({ isBusy }) => !isBusy);
  }

  async #closeSessions(why: string): Promise<void> {
    this.#stopSweeping?.();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.close()));
    for (const { tenant } of sessions) tenant.conversation?.end?.(why);
  }
}

const nameOf = ({ key }: Tenant, known: CapabilityClass): string => `${key} ${known.key}`;
