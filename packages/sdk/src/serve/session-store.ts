import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Seal } from '../core/seal.ts';
import { toBase64Url } from '../wire/base64.ts';
import { createSeal } from '../wire/seal.ts';
import type { Edge } from './edge.ts';
import type { LegacyClient } from './legacy-client.ts';
import { LegacySession } from './legacy-session.ts';

/** How long a session may live. Unit: ms. A day: no desktop host keeps one longer without a restart. */
export const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Sessions kept in memory; of those without a connection the ones used longest ago are dropped. */
const MAX_SESSIONS = 10_000;

/** Ended sessions that are remembered: opening and ending them in a loop must not fill the memory. */
const MAX_ENDED = 50_000;

const MAX_NAME = 64;

/** Whom a session belongs to. */
export type SessionOwner = Pick<Principal, 'subject' | 'issuer'>;

/** A legacy session over HTTP, with the token that names it. */
export interface HttpSession {
  readonly token: string;
  readonly session: LegacySession;
  /** Whose session it is; what the owner may do comes with each request. */
  readonly owner: SessionOwner | null;
  /** When the session ends, used or not. Unit: ms since 1970. */
  readonly expires: number;
  /** How many requests of the client have a connection now. */
  connections: number;
  /** The stream that the client listens on, or may come back to. */
  stream?: ListenStream | undefined;
}

interface NewSession extends Pick<HttpSession, 'token' | 'owner' | 'expires'> {
  readonly client: LegacyClient;
  readonly isResumed?: boolean;
}

/** What a session knows of its one stream of changes. */
export interface ListenStream {
  /** Ends it. */
  abort(): void;
}

/**
 * The legacy sessions of one HTTP endpoint.
 *
 * @remarks The token is sealed and holds what is needed to go on, so a replica with the same secret resumes the session;
 * what lives only here (log level, running calls, the open stream) does not move along.
 */
export class SessionStore {
  readonly #handler: Handler;
  readonly #edge: Edge;
  readonly #seal: Seal;
  readonly #purpose: string;
  readonly #sessions = new Map<string, HttpSession>();
  readonly #ended = new Map<string, number>();
  readonly #onGone: (session: HttpSession) => void;

  /** @param onGone - told of each session that is not kept any more */
  constructor(handler: Handler, edge: Edge, onGone: (session: HttpSession) => void = () => undefined) {
    this.#handler = handler;
    this.#edge = edge;
    this.#onGone = onGone;
    this.#seal = createSeal(edge.secret, edge.random);
    this.#purpose = `legacy session of ${edge.audience}`;
  }

  /** Starts a session. @throws McpError `overloaded` if there are too many, all of them in use */
  async create(client: LegacyClient, principal: Principal | null): Promise<HttpSession> {
    const expires = this.#edge.clock.wallClock() + LIFETIME_MS;
    const token = await this.#seal.seal(this.#purpose, {
      id: toBase64Url(this.#edge.random.bytes(16)),
      version: client.version,
      name: cut(client.clientInfo.name),
      clientVersion: cut(client.clientInfo.version),
      asks: askable(client.capabilities),
      subject: principal?.subject ?? null,
      issuer: principal?.issuer ?? null,
      expires,
    });
    return this.#keep(this.#make({ token, client, owner: ownerOf(principal), expires }));
  }

  /**
   * Finds the session that a token names.
   * @throws McpError `session_not_found` if there is none, or it is another principal's
   */
  async find(token: string, principal: Principal | null): Promise<HttpSession> {
    const resumed = this.#sessions.has(token) ? undefined : await this.#resume(token, principal);
    // Another request may have resumed it meanwhile.
    const known = this.#sessions.get(token) ?? resumed;
    if (!known || !isSame(known.owner, principal)) throw notFound();
    if (known.expires > this.#edge.clock.wallClock() && !this.#ended.has(token)) return this.#keep(known);
    this.end(known);
    throw notFound();
  }

  /** Ends a session; its token is refused from now on. */
  end(session: HttpSession): void {
    this.#ended.set(session.token, this.#edge.clock.wallClock() + LIFETIME_MS);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    this.#letGo(session, 'The session was ended.');
  }

  /** Ends all streams and calls; tokens stay good for other replicas. */
  close(): void {
    for (const session of this.#sessions.values()) this.#letGo(session, 'The server is closing.');
  }

  #letGo(session: HttpSession, reason: string): void {
    this.#sessions.delete(session.token);
    session.stream?.abort();
    session.session.close(reason);
    this.#onGone(session);
  }

  async #resume(token: string, principal: Principal | null): Promise<HttpSession | undefined> {
    this.#forgetExpired();
    if (this.#ended.has(token)) return undefined;
    const content = await this.#seal.open(this.#purpose, token);
    if (content?.subject !== (principal?.subject ?? null) || content.issuer !== (principal?.issuer ?? null))
      return undefined;
    const owner = ownerOf(principal);
    return this.#make({ token, client: clientFrom(content), owner, expires: Number(content.expires), isResumed: true });
  }

  #make({ token, client, owner, expires, isResumed = false }: NewSession): HttpSession {
    const { clock, random } = this.#edge;
    const onEnd = (): void => {
      this.end(made);
    };
    const session = new LegacySession(this.#handler, client, { clock, random, isResumed, onEnd });
    const made: HttpSession = { token, session, owner, expires, connections: 0 };
    return made;
  }

  /** Moves a session to the young end, or takes it in. */
  #keep(session: HttpSession): HttpSession {
    if (!this.#sessions.delete(session.token) && this.#sessions.size >= MAX_SESSIONS) this.#makeRoom();
    this.#sessions.set(session.token, session);
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
        this.#letGo(session, 'Too many sessions are in use.');
        return;
      }
      waiting ??= session;
    }
    if (!waiting) throw new McpError('overloaded', 'Too many sessions are in use; try again later.');
    this.#letGo(waiting, 'Too many sessions are in use.');
  }

  #forgetExpired(): void {
    const now = this.#edge.clock.wallClock();
    for (const [token, expires] of this.#ended) {
      if (expires > now) return;
      this.#ended.delete(token);
    }
  }
}

const cut = (text: unknown): string => (typeof text === 'string' ? text.slice(0, MAX_NAME) : '');

/** Whether a principal is the owner. Two issuers may both have a subject of that name. */
export const isSame = (one: SessionOwner | null, other: SessionOwner | null): boolean =>
  one?.subject === other?.subject && one?.issuer === other?.issuer;

/** The owner that a principal is. */
export const ownerOf = (principal: Principal | null): SessionOwner | null =>
  principal && { subject: principal.subject, ...(principal.issuer === undefined ? {} : { issuer: principal.issuer }) };

const clientFrom = (content: JsonObject): LegacyClient => ({
  version: String(content.version),
  clientInfo: { name: content.name, version: content.clientVersion },
  capabilities: isJsonObject(content.asks) ? content.asks : {},
});

/** What a client can be asked, and nothing else that it declared: the token must fit in a header. */
function askable({ elicitation, sampling, roots }: JsonObject): JsonObject {
  return {
    ...(isJsonObject(elicitation) ? { elicitation: members(elicitation, ['form', 'url']) } : {}),
    ...(isJsonObject(sampling) ? { sampling: members(sampling, ['tools']) } : {}),
    ...(isJsonObject(roots) ? { roots: {} } : {}),
  };
}

const members = (capability: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => isJsonObject(capability[name])).map((name) => [name, {}]));

const notFound = (): McpError =>
  new McpError('session_not_found', 'The session has ended or never was; send initialize without Mcp-Session-Id.');
