import type { Call, RequestId } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import {
  remoteErrorReply,
  resultReply,
  streamReply,
  type FinalMessage,
  type Message,
  type Reply,
} from '../core/reply.ts';
import type { NotificationFrame, ResponseFrame } from './message.ts';
import { PushQueue } from './queue.ts';
import { peekResult } from './result.ts';

/** HTTP statuses that certain errors of a server keep on their way through. */
const ERROR_STATUS: Readonly<Record<number, number>> = { [-32601]: 404, [-32021]: 400 };

/**
 * One call on its way to a server and back: collects what comes and makes the {@link Reply} of it.
 *
 * @remarks The reply is given out with the first message: a result alone is a single reply, a notification before it
 * makes a stream.
 */
export class Exchange {
  readonly reply: Promise<Reply>;
  readonly #call: Call;
  readonly #onCancel: (reason: unknown) => void;
  #resolve!: (reply: Reply) => void;
  #reject!: (reason: unknown) => void;
  #stream: PushQueue<Message> | undefined;

  /** @param onCancel - told when the caller, or whoever reads the reply, no longer wants it */
  constructor(call: Call, onCancel: (reason: unknown) => void) {
    this.#call = call;
    this.#onCancel = onCancel;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    call.signal.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = (): void => {
    this.#onCancel(this.#call.signal.reason);
  };

  /** Whether log messages may be given to this call. */
  get wantsLogs(): boolean {
    return this.#call.logLevel !== undefined;
  }

  /** Takes a notification that belongs to the call. */
  notify(frame: NotificationFrame): void {
    this.#push({ kind: 'notification', method: frame.method, params: this.#withCallersToken(frame) });
  }

  /** Takes the response. */
  respond(frame: ResponseFrame): void {
    this.#call.signal.removeEventListener('abort', this.#abort);
    const message = finalMessage(frame);
    if (this.#stream) {
      this.#stream.push(message);
      this.#stream.end();
      return;
    }
    this.#resolve(singleReply(message));
  }

  /** Ends the call without a response. */
  fail(reason: unknown): void {
    this.#call.signal.removeEventListener('abort', this.#abort);
    if (this.#stream) this.#stream.end(reason);
    else this.#reject(reason);
  }

  #push(message: Message): void {
    if (!this.#stream) {
      this.#stream = new PushQueue();
      this.#resolve(streamReply(this.#stream, this.#onCancel));
    }
    this.#stream.push(message);
  }

  #withCallersToken(frame: NotificationFrame): Payload<JsonObject> {
    return restoreToken(frame, this.#call.progressToken);
  }
}

/** Gives a progress notification the token that the caller chose. */
export function restoreToken(frame: NotificationFrame, token: RequestId | undefined): Payload<JsonObject> {
  if (frame.method !== 'notifications/progress') return frame.params.payload;
  return Payload.of<JsonObject>({ ...frame.params.payload.value, progressToken: token });
}

/** The final message in a response. */
export function finalMessage(frame: ResponseFrame): FinalMessage {
  if (frame.result) return { kind: 'result', result: frame.result };
  return { kind: 'error', error: frame.error ?? Payload.of<RpcError>(new McpError('internal', 'No result.').toRpc()) };
}

/** The reply that is `message` alone. */
export function singleReply(message: FinalMessage): Reply {
  if (message.kind === 'result') return resultReply(message.result, peekResult);
  return remoteErrorReply(message.error, ERROR_STATUS[message.error.value.code] ?? 200);
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
