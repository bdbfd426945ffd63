/* eslint-disable @typescript-eslint/no-deprecated -- sample() and roots() are deprecated for their users, not here */
import type { Call } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { LOG_LEVELS, type Era, type LogLevel } from '../core/protocol.ts';
import type { NotificationMessage } from '../core/reply.ts';
import type { Asker } from './ask.ts';
import { CallLog, type Log } from './log.ts';
import type { ServerRuntime } from './runtime.ts';

/** Tells how far the work is; see {@link CallContext.progress}. */
export type Progress = (done: number, total?: number, message?: string) => void;

/**
 * What a tool, prompt or resource function knows of the call it answers, and what it can ask of the caller.
 *
 * @typeParam C - the call, with what middleware has added to it
 * @typeParam S - the services given by `provide`
 */
export interface CallContext<C extends Call = Call, S extends object = object> extends Asker {
  /** The call, with what middleware has added to it. */
  readonly call: C;
  /** Aborted when nobody waits for the answer any more, or the function has had its time. */
  readonly signal: AbortSignal;
  readonly principal: C['principal'];
  /** The era that the caller speaks. */
  readonly era: Era;
  /** Which leg of a call with questions this is; 0 for the first. */
  readonly round: number;
  /** `_meta` of the request. */
  readonly meta: JsonObject;
  /** What `provide` was given. */
  readonly services: S;
  /**
   * Tells how far the work is; nothing is sent if the caller did not ask for it, or while known answers are replayed.
   *
   * Takes how much is done, which must grow with each call (a value that does not is left out), the total in the same
   * unit if it is known, and a message.
   */
  readonly progress: Progress;
  /** Sends log messages; nothing is sent below the level that the caller asked for. */
  readonly log: Log;
}

/** What a context is made of. */
export interface ContextParts {
  readonly call: Call;
  readonly runtime: ServerRuntime;
  readonly asker: Asker;
  readonly signal: AbortSignal | undefined;
  /** Whether the function replays what it has done before. */
  readonly isReplaying: () => boolean;
  /** Sends a message before the result. */
  readonly tell: (message: NotificationMessage) => void;
}

/** A context whose members are made when they are looked at: most functions need few of them. */
export class FunctionContext implements CallContext {
  readonly #parts: ContextParts;
  #last = -Infinity;

  constructor(parts: ContextParts) {
    this.#parts = parts;
  }

  get call(): Call {
    return this.#parts.call;
  }

  get signal(): AbortSignal {
    return this.#parts.signal ?? this.call.signal;
  }

  get principal(): Call['principal'] {
    return this.call.principal;
  }

  get era(): Era {
    return this.call.era;
  }

  get round(): number {
    return this.call.round;
  }

  get meta(): JsonObject {
    const meta = this.call.params.value._meta;
    return isJsonObject(meta) ? meta : {};
  }

  get services(): object {
    return this.#parts.runtime.services;
  }

  get ask(): Asker['ask'] {
    return this.#parts.asker.ask;
  }

  get askUrl(): Asker['askUrl'] {
    return this.#parts.asker.askUrl;
  }

  get sample(): Asker['sample'] {
    return this.#parts.asker.sample;
  }

  get roots(): Asker['roots'] {
    return this.#parts.asker.roots;
  }

  get once(): Asker['once'] {
    return this.#parts.asker.once;
  }

  get log(): Log {
    return new CallLog((level, message) => {
      if (this.#parts.isReplaying() || !this.#wants(level)) return;
      const params = Payload.of<JsonObject>({ level, ...message });
      this.#parts.tell({ kind: 'notification', method: 'notifications/message', params });
    });
  }

  readonly progress: Progress = (done, total, message) => {
    const { progressToken } = this.call;
    if (progressToken === undefined || !Number.isFinite(done) || done <= this.#last || this.#parts.isReplaying())
      return;
    this.#last = done;
    const params: JsonObject = { progressToken, progress: done };
    // JSON has no other numbers: clients refuse the whole notification for a null.
    if (total !== undefined && Number.isFinite(total)) params.total = total;
    if (message !== undefined) params.message = message;
    this.#parts.tell({ kind: 'notification', method: 'notifications/progress', params: Payload.of(params) });
  };

  #wants(level: LogLevel): boolean {
    const { logLevel } = this.call;
    return logLevel !== undefined && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(logLevel);
  }
}
