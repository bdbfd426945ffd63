import { McpError, type RpcError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { Payload } from './payload.ts';

/** A result, as the `result` member of a JSON-RPC response. Modern inside: it always has `resultType`. */
export type Result = JsonObject;

/** A notification that belongs to a call. */
export interface NotificationMessage {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: Payload<JsonObject>;
}

/** The end of a call that went well. */
export interface ResultMessage {
  readonly kind: 'result';
  readonly result: Payload<Result>;
}

/** The end of a call that did not. */
export interface ErrorMessage {
  readonly kind: 'error';
  readonly error: Payload<RpcError>;
  /** What was thrown in this process, if the error is no server's. */
  readonly thrown?: unknown;
}

/** What ends a call. */
export type FinalMessage = ResultMessage | ErrorMessage;

/** What a reply is made of: any number of notifications, then one final message. */
export type Message = NotificationMessage | FinalMessage;

/** What {@link Reply.peek} can tell without parsing. */
export type ReplyKind = 'complete' | 'input_required' | 'error' | 'stream';

/** How a reply ended: permits, durations and verdicts are settled with it. */
export type Outcome = 'complete' | 'input_required' | 'error' | 'cancelled';

/** The answer to a call. It has a lifetime: a stream must be read to its end, left early or cancelled; then `done` resolves. */
export interface Reply<R = Result> {
  /** HTTP status for edges that have one. */
  readonly status: number;
  /** HTTP headers of a refusal, for edges that have them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The final message when nothing comes before it; undefined for a stream. Lets an edge answer in one write. */
  readonly single: FinalMessage | undefined;
  /** What kind of reply this is; looks at top-level keys only. */
  peek(): ReplyKind;
  /** The messages in order; one consumer. */
  messages(): AsyncIterable<Message>;
  /** Reads to the end and parses the result; rejects with the error if it is one. */
  result(): Promise<R>;
  /** The end of the reply. */
  readonly done: Promise<Outcome>;
  /** Says that nobody wants the rest. */
  cancel(reason?: unknown): void;
}

/** An error that a server answered with; `rpc` is what it sent, word for word. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly rpc: RpcError;
  constructor(rpc: RpcError) {
    super(rpc.message);
    this.rpc = rpc;
  }
}

/** Tells complete from input_required; a codec brings one that does not parse. */
export type Peek = (result: Payload<Result>) => 'complete' | 'input_required';

const peekValue: Peek = (result) => (result.value.resultType === 'input_required' ? 'input_required' : 'complete');

class SingleReply implements Reply {
  readonly single: FinalMessage;
  readonly status: number;
  readonly #peek: Peek;

  constructor(message: FinalMessage, status: number, peek: Peek) {
    this.single = message;
    this.status = status;
    this.#peek = peek;
  }

  peek(): Exclude<ReplyKind, 'stream'> {
    return this.single.kind === 'error' ? 'error' : this.#peek(this.single.result);
  }

  async *messages(): AsyncIterable<Message> {
    yield this.single;
  }

  result(): Promise<Result> {
    return unwrap(this.single);
  }

  get done(): Promise<Outcome> {
    return Promise.resolve(this.peek());
  }

  cancel(): void {
    // Nothing is left to come.
  }
}

class RefusalReply extends SingleReply {
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(message: ErrorMessage, { status, headers }: McpError) {
    super(message, status, peekValue);
    this.headers = headers;
  }
}

class StreamReply implements Reply {
  readonly status = 200;
  readonly single = undefined;
  readonly done: Promise<Outcome>;
  readonly #source: AsyncIterable<Message>;
  readonly #onCancel: (reason: unknown) => void;
  #settle: (outcome: Outcome) => void = () => undefined;

  constructor(source: AsyncIterable<Message>, onCancel: (reason: unknown) => void) {
    this.#source = source;
    this.#onCancel = onCancel;
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  peek(): ReplyKind {
    return 'stream';
  }

  async *messages(): AsyncIterable<Message> {
    let outcome: Outcome = 'cancelled';
    try {
      for await (const message of this.#source) {
        if (message.kind !== 'notification') outcome = outcomeOf(message);
        yield message;
      }
    } catch (thrown) {
      outcome = 'error';
      yield errorMessage(thrown);
    } finally {
      if (outcome === 'cancelled') this.#onCancel('not read to the end');
      this.#settle(outcome);
    }
  }

  async result(): Promise<Result> {
    for await (const message of this.messages()) if (message.kind !== 'notification') return unwrap(message);
    throw new McpError('unavailable', 'The reply ended without a result.');
  }

  cancel(reason?: unknown): void {
    this.#onCancel(reason);
    this.#settle('cancelled');
  }
}

const outcomeOf = (message: FinalMessage): Outcome => (message.kind === 'error' ? 'error' : peekValue(message.result));

function unwrap(message: FinalMessage): Promise<Result> {
  if (message.kind === 'result') return Promise.resolve(message.result.value);
  return Promise.reject(new RemoteError(message.error.value));
}

/** A reply that is one result. */
export const resultReply = (result: Payload<Result>, peek: Peek = peekValue): Reply =>
  new SingleReply({ kind: 'result', result }, 200, peek);

/** The reply to a notification: nobody reads it. */
export const noReply = (): Reply => resultReply(Payload.of<Result>({ resultType: 'complete' }), () => 'complete');

/** A reply that is one error. */
export function errorReply(thrown: unknown): Reply {
  if (thrown instanceof RemoteError) return new SingleReply(errorMessage(thrown), 200, peekValue);
  const error = McpError.from(thrown);
  return new RefusalReply(errorMessage(error), error);
}

/** What was thrown as a message: a server's own words where there are any. */
function errorMessage(thrown: unknown): ErrorMessage {
  if (thrown instanceof RemoteError) return { kind: 'error', error: Payload.of(thrown.rpc) };
  return { kind: 'error', error: Payload.of(McpError.from(thrown).toRpc()), thrown };
}

/** A reply that is an error which a server sent; it keeps its words. */
export const remoteErrorReply = (error: Payload<RpcError>, status = 200): Reply =>
  new SingleReply({ kind: 'error', error }, status, peekValue);

/**
 * A reply of several messages.
 *
 * @param source - ends with a final message; what it throws becomes one
 * @param onCancel - called when nobody wants the rest
 */
export const streamReply = (source: AsyncIterable<Message>, onCancel: (reason: unknown) => void): Reply =>
  new StreamReply(source, onCancel);
