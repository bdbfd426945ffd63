import type { Call, Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { LOG_LEVELS, type Era, type LogLevel } from '../core/protocol.ts';
import { resultReply, streamReply, type Message, type Reply, type Result } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';

/** What a tool, prompt or resource function knows of the call it answers. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly principal: Principal | null;
  /** The era that the caller speaks. */
  readonly era: Era;
  /** `_meta` of the request. */
  readonly meta: JsonObject;
  /**
   * Tells how far the work is; nothing is sent if the caller did not ask for it.
   * @param done - must grow with each call; a value that does not is left out
   * @param total - in the same unit, if known
   */
  progress(done: number, total?: number, message?: string): void;
  /** Sends a log message; nothing is sent below the level that the caller asked for. */
  log(level: LogLevel, data: unknown): void;
}

/**
 * Runs `work` and makes the reply of what it returns; what it tells on the way makes the reply a stream.
 * @returns rejects with what `work` throws if nothing was told before
 */
export function runInContext(call: Call, work: (context: CallContext) => Promise<Result>): Promise<Reply> {
  let stream: PushQueue<Message> | undefined;
  return new Promise((resolve, reject) => {
    const tell = (message: Message): void => {
      if (!stream) {
        stream = new PushQueue();
        resolve(streamReply(stream, () => undefined));
      }
      stream.push(message);
    };
    work(contextOf(call, tell)).then(
      (result) => {
        if (!stream) resolve(resultReply(Payload.of(result)));
        stream?.push({ kind: 'result', result: Payload.of(result) });
        stream?.end();
      },
      (thrown: unknown) => {
        if (!stream) reject(McpError.from(thrown));
        stream?.end(thrown);
      },
    );
  });
}

function contextOf(call: Call, tell: (message: Message) => void): CallContext {
  let last = -Infinity;
  return {
    signal: call.signal,
    principal: call.principal,
    era: call.era,
    get meta() {
      return (call.params.value._meta ?? {}) as JsonObject;
    },
    progress(done, total, message) {
      if (call.progressToken === undefined || done <= last) return;
      last = done;
      const params = { progressToken: call.progressToken, progress: done, ...given({ total, message }) };
      tell({ kind: 'notification', method: 'notifications/progress', params: Payload.of<JsonObject>(params) });
    },
    log(level, data) {
      if (call.logLevel === undefined || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(call.logLevel)) return;
      tell({ kind: 'notification', method: 'notifications/message', params: Payload.of<JsonObject>({ level, data }) });
    },
  };
}

const given = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
