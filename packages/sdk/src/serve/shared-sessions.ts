import type { Bus } from '../core/bus.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isLogLevel } from '../core/protocol.ts';
import type { Store } from '../core/store.ts';
import { toBase64Url } from '../wire/base64.ts';
import type { Edge } from './edge.ts';
import type { SaidElsewhere } from './legacy-session.ts';

/** What replicas know of a legacy session besides its token: what that has no room for, and what changes. */
export interface SessionRecord extends SaidElsewhere {
  readonly capabilities: JsonObject;
}

/** What one replica tells the others of a session. */
export type SessionNews =
  /** Its record has changed, or is gone. */
  | { readonly kind: 'changed' }
  /** The client listens here now. */
  | { readonly kind: 'listening' }
  /** A message of the client that concerns nothing here. */
  | { readonly kind: 'message'; readonly json: string };

const CHANNEL = 'mcp:sessions';

/** How long the store or the bus may take. Unit: ms. */
const PATIENCE_MS = 5_000;

/** Another replica that changes the same record is done in less. */
const MAX_TRIES = 100;

/** What replicas share of their sessions; undefined if they share nothing. */
export const sharedSessions = (edge: Edge): SharedSessions | undefined =>
  edge.store && new SharedSessions(edge.store, edge);

/** The legacy sessions of all replicas, as far as they share them: in a store, and over a bus if there is one. */
export class SharedSessions {
  readonly #store: Store;
  readonly #bus: Bus | undefined;
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #replica: string;

  constructor(store: Store, { bus, sessionIdleMs, random, clock }: Edge) {
    this.#store = store;
    this.#bus = bus;
    this.#idleMs = sessionIdleMs;
    this.#clock = clock;
    this.#replica = toBase64Url(random.bytes(9));
  }

  /** Whether the other replicas can be told at once. */
  get canTell(): boolean {
    return this.#bus !== undefined;
  }

  /** Reads a record; undefined if the session has ended, or was not used for too long. */
  async read(id: string): Promise<SessionRecord | undefined> {
    const json = await this.#guard(this.#store.get(keyOf(id)));
    return json === undefined ? undefined : recordFrom(json);
  }

  create(id: string, record: SessionRecord): Promise<void> {
    return this.#guard(this.#store.set(keyOf(id), JSON.stringify(record), this.#idleMs));
  }

  /** Changes a record, and with it when it is forgotten. @returns what it is now; undefined if there is none */
  async change(id: string, change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const was = await this.#guard(this.#store.get(keyOf(id)));
      if (was === undefined) return undefined;
      const record = change(recordFrom(was));
      const replaced = this.#store.replace(keyOf(id), { was, value: JSON.stringify(record) }, this.#idleMs);
      if (await this.#guard(replaced)) return record;
    }
    throw new McpError('overloaded', 'The session is changed in too many places at once.');
  }

  async end(id: string): Promise<void> {
    await this.#guard(this.#store.delete(keyOf(id)));
    await this.tell(id, { kind: 'changed' });
  }

  /** Tells the other replicas. */
  async tell(id: string, news: SessionNews): Promise<void> {
    if (this.#bus) await this.#guard(this.#bus.publish(CHANNEL, JSON.stringify({ ...news, id, from: this.#replica })));
  }

  /** Hears of what other replicas tell. @returns ends it */
  listen(onNews: (id: string, news: SessionNews) => void): () => void {
    return (
      this.#bus?.subscribe(CHANNEL, (text) => {
        const told = parseJson(text);
        if (!isJsonObject(told) || told.from === this.#replica || typeof told.id !== 'string') return;
        const news = newsFrom(told);
        if (news) onNews(told.id, news);
      }) ?? (() => undefined)
    );
  }

  /** What a driver throws is no fault of the caller; nor must it wait for one that says nothing, as when it reconnects. */
  async #guard<T>(doing: Promise<T>): Promise<T> {
    let stopWaiting = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      stopWaiting = this.#clock.after(PATIENCE_MS, () => {
        reject(new Error(`no answer within ${PATIENCE_MS} ms`));
      });
    });
    try {
      return await Promise.race([doing, late]);
    } catch (cause) {
      throw new McpError('unavailable', 'The store of sessions cannot be reached; try again later.', { cause });
    } finally {
      stopWaiting();
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Nobody writes that here; it is somebody else's.
    return undefined;
  }
}

const keyOf = (id: string): string => `mcp:session:${id}`;

function recordFrom(json: string): SessionRecord {
  const kept = parseJson(json);
  const { capabilities, logLevel, watched } = isJsonObject(kept) ? kept : {};
  return {
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    ...(isLogLevel(logLevel) ? { logLevel } : {}),
    watched: Array.isArray(watched) ? watched.filter((uri) => typeof uri === 'string') : [],
  };
}

function newsFrom({ kind, json }: JsonObject): SessionNews | undefined {
  if (kind === 'changed' || kind === 'listening') return { kind };
  return kind === 'message' && typeof json === 'string' ? { kind, json } : undefined;
}
