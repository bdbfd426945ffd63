import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import { isLogLevel } from '../core/protocol.ts';
import { encodeNotification, encodeResponse, type WireJson } from '../wire/encode.ts';
import { readFrame, type NotificationFrame, type RequestFrame, type ResponseFrame } from '../wire/message.ts';
import type { Edge } from './edge.ts';
import type { LegacyAnswer } from './legacy-questions.ts';
import type { HttpSession, SessionStore } from './session-store.ts';
import type { SessionNews, SessionRecord, SharedSessions } from './shared-sessions.ts';

/** Requests that change what is kept of a session. */
export const CHANGES: ReadonlySet<string> = new Set([
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** Pause between two rounds. Unit: ms. What another replica said and was not heard is noticed after that. */
const ROUND_MS = 60_000;

/**
 * Keeps the sessions of one endpoint as all replicas know them, and ends those that nobody uses.
 *
 * @remarks Without a shared store only the latter is left to do.
 */
export class SessionUpkeep {
  readonly #sessions: SessionStore;
  readonly #shared: SharedSessions | undefined;
  readonly #edge: Edge;
  readonly #stopListening: (() => void) | undefined;
  #cancelRound: (() => void) | undefined;
  #lastRound: number;
  #isClosed = false;

  constructor(sessions: SessionStore, shared: SharedSessions | undefined, edge: Edge) {
    this.#sessions = sessions;
    this.#shared = shared;
    this.#edge = edge;
    this.#lastRound = edge.clock.now();
    this.#stopListening = shared?.listen((id, news) => {
      const session = sessions.get(id);
      if (session) void this.#attempt(session, () => this.#heard(session, news));
    });
  }

  /** Begins with the first session. */
  begin(): void {
    if (!this.#cancelRound) this.#plan();
  }

  /** Rests once there is no session. */
  rest(): void {
    if (this.#sessions.size > 0) return;
    this.#cancelRound?.();
    this.#cancelRound = undefined;
  }

  /** Takes in a session that began elsewhere. */
  resumed(session: HttpSession, record: SessionRecord): void {
    this.begin();
    this.#apply(session, record);
  }

  /** Shares what a request changes in its session before its answer goes out. */
  async changed(session: HttpSession, frame: RequestFrame, answering: Promise<LegacyAnswer>): Promise<LegacyAnswer> {
    const answer = await answering;
    if (answer.single?.kind !== 'result' || !this.#shared) return answer;
    this.#apply(session, await this.#shared.change(session.id, changeOf(frame)));
    await this.#shared.tell(session.id, { kind: 'changed' });
    return answer;
  }

  /** Tells that the client listens here, so that no other replica holds a stream for it. */
  async listening(session: HttpSession): Promise<void> {
    await this.#shared?.tell(session.id, { kind: 'listening' });
  }

  /** Passes on what concerns no call and no question here. @returns whether there is anybody to pass it to */
  async passOn(session: HttpSession, frame: NotificationFrame | ResponseFrame): Promise<boolean> {
    if (!this.#shared?.canTell) return false;
    await this.#shared.tell(session.id, { kind: 'message', json: textOf(encode(frame)) });
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening?.();
    this.#cancelRound?.();
  }

  #plan(): void {
    this.#cancelRound = this.#edge.clock.after(Math.min(ROUND_MS, this.#edge.sessionIdleMs), () => {
      void this.#round().then(() => {
        this.#cancelRound = undefined;
        if (!this.#isClosed && this.#sessions.size > 0) this.#plan();
      });
    });
  }

  async #round(): Promise<void> {
    const before = this.#lastRound;
    this.#lastRound = this.#edge.clock.now();
    this.#sessions.endIdle();
    for (const session of this.#sessions.all())
      if (session.usedAt >= before) await this.#attempt(session, () => this.#refresh(session));
  }

  async #refresh(session: HttpSession): Promise<void> {
    if (this.#shared) this.#apply(session, await this.#shared.change(session.id, (record) => record));
  }

  async #heard(session: HttpSession, news: SessionNews): Promise<void> {
    if (news.kind === 'changed') this.#apply(session, await this.#shared?.read(session.id));
    else if (news.kind === 'listening') session.stream?.abort();
    else {
      const frame = readFrame(new TextEncoder().encode(news.json), this.#edge.limits);
      if (frame.kind === 'notification') await session.session.notify(frame, { principal: session.principal });
      else if (frame.kind === 'response') session.session.respond(frame);
    }
  }

  /** Makes a session here what its record says. */
  #apply(session: HttpSession, record: SessionRecord | undefined): void {
    if (record) void this.#attempt(session, () => session.session.adopt(record, session.principal));
    else this.#sessions.drop(session);
  }

  /** Nobody waits for it, and the next round does it again. */
  async #attempt(session: HttpSession, doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (thrown) {
      if (session.session.isOver) return;
      const { message } = McpError.from(thrown);
      this.#edge.telemetry.record({ name: 'session.not_shared', severity: 'warn', fields: { message } });
    }
  }
}

/** What a request that was answered with a result has changed in the record of its session. */
function changeOf({ method, params }: RequestFrame): (record: SessionRecord) => SessionRecord {
  const { level, uri } = params.payload.value;
  if (method === 'logging/setLevel') return (record) => (isLogLevel(level) ? { ...record, logLevel: level } : record);
  return (record) => {
    const others = record.watched.filter((watched) => watched !== uri);
    return { ...record, watched: method === 'resources/subscribe' ? [...others, String(uri)] : others };
  };
}

const textOf = (json: WireJson): string => (typeof json === 'string' ? json : new TextDecoder().decode(json));

function encode(frame: NotificationFrame | ResponseFrame): WireJson {
  if (frame.kind === 'notification') return encodeNotification(frame.method, frame.params.payload);
  if (frame.result) return encodeResponse(frame.id, { kind: 'result', result: frame.result });
  return encodeResponse(frame.id, { kind: 'error', error: frame.error ?? Payload.of({ code: 0, message: '' }) });
}
