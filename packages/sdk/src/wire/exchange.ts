import type { Call, RequestId } from '../core/call.ts';
import { onAbort } from '../core/cancellation.ts';
import { isRpcError, McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../core/protocol.ts';
import {
  remoteErrorReply,
  resultReply,
  streamReply,
  type ErrorMessage,
  type FinalMessage,
  type Message,
  type NotificationMessage,
  type Reply,
} from '../core/reply.ts';
import type { NotificationFrame, ResponseFrame } from './message.ts';
import { MAX_WAITING_SIZE, MessageQueue } from './message-queue.ts';
import { peekResult } from './result.ts';

/** HTTP statuses that certain errors of a server keep on their way through. */
const ERROR_STATUS: ReadonlyMap<number, number> = new Map([
  [-32601, 404],
  [-32021, 400],
]);

const malformed = new McpError('unavailable', 'The server sent a malformed error.');

/** Stands for an error that is none; known by its identity. */
const MALFORMED_ERROR: ErrorMessage = { kind: 'error', error: Payload.of(malformed.toRpc()) };

const PROGRESS = 'notifications/progress';
const LOG = 'notifications/message';

/**
 * One call on its way to a server and back: collects what comes and makes the {@link Reply} of it.
 *
 * @remarks The reply is given out with the first message: a result alone is a single reply, a notification before it
 * makes a stream.
 */
export class Exchange {
  readonly reply: Promise<Reply>;
  readonly call: Call;
  readonly #token: RequestId;
  readonly #onCancel: (reason: unknown) => void;
  #resolve!: (reply: Reply) => void;
  #reject!: (reason: unknown) => void;
  readonly #ignore: () => void;
  #stream: MessageQueue | undefined;

  /**
   * @param token - what stands for the caller's progress token on the way to the server
   * @param onCancel - told when the caller, or whoever reads the reply, no longer wants it
   */
  constructor(call: Call, token: RequestId, onCancel: (reason: unknown) => void) {
    this.call = call;
    this.#token = token;
    this.#onCancel = onCancel;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#ignore = onAbort(call, onCancel);
  }

  /** Takes a notification that belongs to the call; what the caller does not want of it is dropped. */
  notify(frame: NotificationFrame): void {
    const params = paramsFor(this.call, frame, this.#token);
    if (params) this.#push({ kind: 'notification', method: frame.method, params });
  }

  /** Takes the response. */
  respond(frame: ResponseFrame): void {
    this.#ignore();
    const message = finalMessage(frame);
    if (this.#stream) this.#stream.finish(message);
    else this.#resolve(singleReply(message));
  }

  /** Ends the call without a response. */
  fail(reason: unknown): void {
    this.#ignore();
    if (this.#stream) this.#stream.fail(reason);
    else this.#reject(reason);
  }

  #push(message: NotificationMessage): void {
    if (!this.#stream) {
      this.#stream = new MessageQueue();
      this.#resolve(streamReply(this.#stream, this.#onCancel));
    }
    // Of progress only the newest says anything, and the result is newer.
    if (this.#stream.offer(message) || message.method === PROGRESS) return;
    this.#onCancel(new McpError('overloaded', `More than ${MAX_WAITING_SIZE} bytes wait for their reader.`));
  }
}

/**
 * The params of a notification as the caller of `call` gets them: of progress with the token that it chose, of log
 * messages those that it wants; undefined if it gets none.
 * @param token - what stands for the caller's progress token on the way to the server
 */
export function paramsFor(call: Call, frame: NotificationFrame, token: RequestId): Payload<JsonObject> | undefined {
  const { payload } = frame.params;
  if (frame.method === LOG) return isWanted(call, payload.value.level) ? payload : undefined;
  if (frame.method !== PROGRESS) return payload;
  if (call.progressToken === undefined || payload.value.progressToken !== token) return undefined;
  return Payload.of<JsonObject>({ ...payload.value, progressToken: call.progressToken });
}

/** Whether the caller of `call` wants a notification of a server that knows its token. */
export function wants(call: Call, { method, params }: NotificationMessage): boolean {
  if (method === LOG) return isWanted(call, params.value.level);
  if (method !== PROGRESS) return true;
  return call.progressToken !== undefined && params.value.progressToken === call.progressToken;
}

/** The least severe message that a caller wants; a legacy one that named no level leaves it to the server. */
export const wantedLevel = ({ logLevel, era }: Call): LogLevel | undefined =>
  logLevel ?? (era === 'legacy' ? 'info' : undefined);

/** A server may tell more than one caller wants: others that share its session may want more. */
function isWanted(call: Call, level: unknown): boolean {
  const wanted = wantedLevel(call);
  if (wanted === undefined) return false;
  return !isLogLevel(level) || LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted);
}

/** The final message in a response; an error that is not well-formed is not given on. */
export function finalMessage(frame: ResponseFrame): FinalMessage {
  if (frame.result) return { kind: 'result', result: frame.result };
  return frame.error && isRpcError(frame.error.value) ? { kind: 'error', error: frame.error } : MALFORMED_ERROR;
}

/** The reply that is `message` alone. */
export function singleReply(message: FinalMessage): Reply {
  if (message.kind === 'result') return resultReply(message.result, peekResult);
  if (message === MALFORMED_ERROR) return remoteErrorReply(message.error, malformed.status);
  return remoteErrorReply(message.error, ERROR_STATUS.get(message.error.value.code) ?? 200);
}

/** A reply like `reply` with its result changed. */
export function mapResult(reply: Reply, change: (result: Payload<JsonObject>) => Payload<JsonObject>): Reply {
  const map = (message: Message): Message =>
    message.kind === 'result' ? { kind: 'result', result: change(message.result) } : message;
  if (reply.single)
    return reply.single.kind === 'result' ? resultReply(change(reply.single.result), peekResult) : reply;
  return streamReply(mapMessages(reply, map), (reason) => {
    reply.cancel(reason);
  });
}

async function* mapMessages(reply: Reply, map: (message: Message) => Message): AsyncGenerator<Message> {
  for await (const message of reply.messages()) yield map(message);
}
