import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { toBase64Url } from '../wire/base64.ts';
import type { Edge } from './edge.ts';
import type { LegacyClient } from './legacy-client.ts';
import { LegacySession } from './legacy-session.ts';
import { isSame, ownerOf } from './session-owner.ts';
import { LIFETIME_MS, SessionTokens, type SessionClaims } from './session-token.ts';
import type { SessionRecord, SharedSessions } from './shared-sessions.ts';

/** Sessions kept in memory; of those without a connection the ones used longest ago are dropped. */
const MAX_SESSIONS = 10_000;

/** Ended sessions that are remembered: opening and ending them in a loop must not fill the memory. */
const MAX_ENDED = 50_000;

/** A legacy session over HTTP, with the token that names it. */
export interface HttpSession extends Omit<SessionClaims, 'client'> {
  readonly token: string;
  readonly session: LegacySession;
  /** Who sent its last request; what it may do comes with each. */
  principal: Principal | null;
  /** When that was, by the clock of the process. Unit: ms. */
  usedAt: number;
  /** How many requests of the client have a connection now. */
  connections: number;
  /** The stream that the client listens on, or may come back to. */
  stream?: ListenStream | undefined;
}

interface NewSession extends SessionClaims {
  readonly token: string;
  readonly principal: Principal | null;
  /** What replicas share of one that may have begun elsewhere. */
  readonly resumed?: SessionRecord;
}

interface Resumed {
  readonly session: HttpSession;
  readonly record: SessionRecord;
}

/** What a session knows of its one stream of changes. */
export interface ListenStream {
  /** Ends it. */
  abort(): void;
}

/** What a session store is made of. */
export interface SessionStoreParts {
  readonly handler: Handler;
  readonly edge: Edge;
  /** What replicas share, if they do. */
  readonly shared?: SharedSessions | undefined;
  /** Told of each session that is not kept any more. */
  readonly onGone?: (session: HttpSession) => void;
  /** Told of each session that began elsewhere, with what was said there. */
  readonly onResumed?: (session: HttpSession, record: SessionRecord) => void;
}

/**
 * The legacy sessions of one HTTP endpoint.
 *
 * @remarks The token is sealed and holds what is needed to go on, so a replica with the same secret resumes the session.
 * Log level and watched resources move along if replicas share a store; running calls and streams never do.
 */
export class SessionStore {
  readonly #parts: SessionStoreParts;
  readonly #tokens: SessionTokens;
  readonly #sessions = new Map<string, HttpSession>();
  readonly #byId = new Map<string, HttpSession>();
  readonly #ended = new Map<string, number>();

  constructor(parts: SessionStoreParts) {
    this.#parts = parts;
    this.#tokens = new SessionTokens(parts.edge);
  }

  /** All that are kept here, the one used longest ago first. */
  all(): HttpSession[] {
    return [...this.#sessions.values()];
  }

  /** How many are kept here. */
  get size(): number {
    return this.#sessions.size;
  }

  /** One that is kept here. */
  get(id: string): HttpSession | undefined {
    return this.#byId.get(id);
  }

  /** Starts a session. @throws McpError `overloaded` if there are too many, all of them in use */
  async create(client: LegacyClient, principal: Principal | null): Promise<HttpSession> {
    const { random, clock } = this.#parts.edge;
    const id = toBase64Url(random.bytes(16));
    const claims = { id, client, owner: ownerOf(principal), expires: clock.wallClock() + LIFETIME_MS };
    const token = await this.#tokens.seal(claims);
    await this.#parts.shared?.create(id, { capabilities: client.capabilities, watched: [] });
    return this.#keep(this.#make({ ...claims, token, principal }));
  }

  /**
   * Finds the session that a token names.
   * @throws McpError `session_not_found` if there is none, or it is another principal's
   */
  async find(token: string, principal: Principal | null): Promise<HttpSession> {
    this.#endIfIdle(this.#sessions.get(token));
    const resumed = this.#sessions.has(token) ? undefined : await this.#resume(token, principal);
    // Another request may have resumed it meanwhile.
    const known = this.#sessions.get(token) ?? resumed?.session;
    if (!known || !isSame(known.owner, principal)) throw notFound();
    if (known.expires <= this.#parts.edge.clock.wallClock() || this.#ended.has(token)) {
      await this.end(known);
      throw notFound();
    }
    known.principal = principal;
    known.usedAt = this.#parts.edge.clock.now();
    this.#keep(known);
    if (known === resumed?.session) this.#parts.onResumed?.(known, resumed.record);
    return known;
  }

  /** Ends a session; its token is refused from now on, by other replicas too if they share a store. */
  async end(session: HttpSession): Promise<void> {
    this.drop(session);
    await this.#parts.shared?.end(session.id);
  }

  /** Ends a session here. */
  drop(session: HttpSession): void {
    this.#ended.set(session.token, this.#parts.edge.clock.wallClock() + LIFETIME_MS);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    this.letGo(session, 'The session was ended.');
  }

  /** Lets go of a session, which may come back by its token. */
  letGo(session: HttpSession, reason: string): void {
    this.#sessions.delete(session.token);
    this.#byId.delete(session.id);
    session.stream?.abort();
    session.session.close(reason);
    this.#parts.onGone?.(session);
  }

  /** Ends those that nobody has used for too long. */
  endIdle(): void {
    for (const session of this.all()) this.#endIfIdle(session);
  }

  /** Ends all streams and calls; tokens stay good for other replicas. */
  close(): void {
    for (const session of this.#sessions.values()) this.letGo(session, 'The server is closing.');
  }

  #endIfIdle(session: HttpSession | undefined): void {
    const { edge, shared } = this.#parts;
    if (!session) return;
    if (session.connections > 0 || session.session.busy) session.usedAt = edge.clock.now();
    if (edge.clock.now() - session.usedAt < edge.sessionIdleMs) return;
    // Another replica may have used it: then it has a record, and comes back by its token.
    if (shared) this.letGo(session, 'The session was not used for too long.');
    else this.drop(session);
  }

  async #resume(token: string, principal: Principal | null): Promise<Resumed | undefined> {
    this.#forgetExpired();
    if (this.#ended.has(token)) return undefined;
    const claims = await this.#tokens.open(token, principal);
    if (!claims) return undefined;
    const record = await this.#recordOf(claims);
    return record && { session: this.#make({ ...claims, token, principal, resumed: record }), record };
  }

  /** What was said elsewhere; undefined if the session has ended there. Without a shared store it is not known. */
  async #recordOf({ id, client }: SessionClaims): Promise<SessionRecord | undefined> {
    const { shared } = this.#parts;
    return shared ? shared.read(id) : { capabilities: client.capabilities, watched: [] };
  }

  #make({ token, client: named, id, owner, expires, principal, resumed }: NewSession): HttpSession {
    const { handler, edge } = this.#parts;
    const { clock, random } = edge;
    const client = resumed ? { ...named, capabilities: resumed.capabilities } : named;
    const onEnd = (): void => {
      this.end(made).catch((thrown: unknown) => {
        const fields = { message: McpError.from(thrown).message };
        edge.telemetry.record({ name: 'session.end_failed', severity: 'warn', fields });
      });
    };
    const tools = { clock, random, isResumed: resumed !== undefined, logLevel: resumed?.logLevel, onEnd };
    const session = new LegacySession(handler, client, tools);
    const made: HttpSession = { token, id, session, owner, expires, principal, usedAt: clock.now(), connections: 0 };
    return made;
  }

  /** Moves a session to the young end, or takes it in. */
  #keep(session: HttpSession): HttpSession {
    if (!this.#sessions.delete(session.token) && this.#sessions.size >= MAX_SESSIONS) this.#makeRoom();
    this.#sessions.set(session.token, session);
    this.#byId.set(session.id, session);
    return session;
  }

  /**
   * Whoever has no connection goes first: the idle, which come back from their token, then those whose calls wait for an
   * answer that their client may come back with. Otherwise questions that nobody answers would keep everyone out.
   */
  #makeRoom(): void {
    let waiting: HttpSession | undefined;
    for (const session of this.#sessions.values()) {
      if (session.connections > 0) continue;
      if (!session.session.busy) {
        this.letGo(session, 'Too many sessions are in use.');
        return;
      }
      waiting ??= session;
    }
    if (!waiting) throw new McpError('overloaded', 'Too many sessions are in use; try again later.');
    this.letGo(waiting, 'Too many sessions are in use.');
  }

  #forgetExpired(): void {
    const now = this.#parts.edge.clock.wallClock();
    for (const [token, expires] of this.#ended) {
      if (expires > now) return;
      this.#ended.delete(token);
    }
  }
}

const notFound = (): McpError =>
  new McpError('session_not_found', 'The session has ended or never was; send initialize without Mcp-Session-Id.');
