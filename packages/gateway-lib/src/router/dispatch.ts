import {
  Cancellation,
  ERROR_TABLE,
  errorReply,
  isJsonObject,
  McpError,
  streamReply,
  type Handler,
  type Message,
  type Reply,
} from '@org/mcp-sdk';
import { InnerCall, type CallFields, renameTarget } from '@org/mcp-sdk/wire';
import type { RoutedCall } from '../core/routed-call.ts';
import type { Endpoint, InFlight, Permit, Upstream } from '../core/upstream.ts';
import type { Deadline, Expirable, Wheel } from '../core/wheel.ts';
import { httpStatusOf } from '../registry/answer.ts';
import type { Pick } from './pick.ts';
import { reach, type Reached } from './reach.ts';
import type { Restamp } from './restamp.ts';
import { isAboutTask } from './tasks.ts';

/** What calls are sent with. */
export interface DispatchOptions {
  readonly pick: Pick;
  readonly wheel: Wheel;
  /** Gives a retry back the state that its endpoint asked with. @throws McpError if it is none of this call */
  readonly reopen: (call: RoutedCall) => RoutedCall | Promise<RoutedCall>;
  readonly restamp: Restamp;
}

/** Last stage: sends a call to an endpoint of its upstream, under the upstream's name for the target. */
export const createDispatch =
  (options: DispatchOptions): Handler<RoutedCall> =>
  (call) =>
    call.round === 0 ? new Dispatched(call, options).reply : dispatchAgain(call, options);

async function dispatchAgain(retry: RoutedCall, options: DispatchOptions): Promise<Reply> {
  return new Dispatched(await options.reopen(retry), options).reply;
}

/** An endpoint that has not made a task does not know it: while another one is out of reach, the task is too. */
const isUnknownTask = (call: RoutedCall, { single }: Reply): boolean =>
  isAboutTask(call) && single?.kind === 'error' && single.error.value.code === ERROR_TABLE.not_found.rpc;

/** The call under the upstream's name for its target, if it has one. */
function renamed(call: RoutedCall): CallFields {
  const { target } = call.route;
  if (call.target === undefined || target === call.target) return call;
  const { method, era, principal, round, progressToken, logLevel, paramHeaders, session, isNotification } = call;
  const params = renameTarget(method, call.params, target);
  return {
    method,
    target,
    params,
    era,
    principal,
    round,
    progressToken,
    logLevel,
    paramHeaders,
    session,
    isNotification,
  };
}

/**
 * A call that was sent, until its reply is at its end. The caller, the deadline and the endpoint can end it before: a
 * server in this process need not look at the signal.
 */
class Dispatched implements InFlight, Expirable {
  readonly reply: Promise<Reply>;
  readonly #call: RoutedCall;
  readonly #options: DispatchOptions;
  /** What the connection listens to. */
  readonly #ending: Cancellation;
  readonly #deadline: Deadline;
  #resolve!: (reply: Reply) => void;
  #reject!: (reason: Error) => void;
  /** Told when the call is ended while a message of its stream is waited for. */
  #interrupt: ((reason: unknown) => void) | undefined;
  #endpoint: Endpoint | undefined;
  /** Why it did not go to the endpoint that was to be tried before others. */
  #missed: McpError | undefined;
  #permit: Permit | undefined;
  #isOver = false;

  constructor(call: RoutedCall, options: DispatchOptions) {
    this.#call = call;
    this.#options = options;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = options.wheel.after(call.route.upstream.timeoutMs, this);
    this.#ending = new Cancellation(call);
    this.#ending.onAbort((reason) => {
      if (this.#interrupt) this.#interrupt(reason);
      else this.#failed(reason);
    });
    if (!this.#isOver) this.#start();
  }

  fail(reason: Error): void {
    this.#ending.abort(reason);
  }

  expire(): void {
    this.fail(new McpError('timeout', `no result within ${this.#call.route.upstream.timeoutMs} ms`));
  }

  #start(): void {
    const { upstream, endpoint: first } = this.#call.route;
    try {
      const reached = reach(upstream, this.#options.pick, first);
      if (reached instanceof Promise) this.#go(reached, (there) => this.#send(there));
      else this.#send(reached);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Goes on with what comes of some work. */
  #go<T>(work: Promise<T>, next: (value: T) => void): void {
    const fail = (thrown: unknown): void => {
      this.#failed(thrown);
    };
    work.then((value) => {
      try {
        next(value);
      } catch (thrown) {
        fail(thrown);
      }
    }, fail);
  }

  #send({ endpoint, connection, missed }: Reached): void {
    if (this.#isOver) return;
    this.#endpoint = endpoint;
    this.#missed = missed;
    this.#permit = endpoint.enter(this);
    this.#go(connection.handler(new InnerCall(renamed(this.#call), this.#ending)), (reply) => this.#replied(reply));
  }

  #replied(reply: Reply): void {
    if (this.#isOver) {
      reply.cancel(this.#ending.reason);
      return;
    }
    this.#checkKnown(reply);
    const restamped = this.#restamp(reply);
    if (restamped instanceof Promise) this.#go(restamped, (changed) => this.#follow(changed));
    else this.#follow(restamped);
  }

  /** @throws why the endpoint that has made a task was not asked, if another one does not know the task */
  #checkKnown(reply: Reply): void {
    if (!this.#missed || !isUnknownTask(this.#call, reply)) return;
    // It has answered: it is not at fault.
    this.#endpoint = undefined;
    throw this.#missed;
  }

  #restamp(reply: Reply): Reply | Promise<Reply> {
    const endpoint = this.#endpoint;
    return endpoint ? this.#options.restamp(reply, { call: this.#call, endpoint }) : reply;
  }

  /** Lets go when the reply is at its end. */
  #follow(reply: Reply): void {
    if (reply.single) {
      this.#release();
      this.#resolve(reply);
      return;
    }
    const relayed = streamReply(this.#relay(reply), (reason) => {
      reply.cancel(reason);
      this.#release();
    });
    this.#resolve(relayed);
  }

  /** Lets go and says what went wrong, naming the upstream. */
  #failed(thrown: unknown): void {
    if (this.#isOver) return;
    const { isAborted, reason } = this.#ending;
    const error = McpError.from(isAborted ? reason : thrown);
    const unanswered = error.code === 'unavailable' && httpStatusOf(error) === undefined;
    if (unanswered && !isAborted) this.#endpoint?.suspect(error.message);
    this.#release();
    this.#reject(named(this.#call.route.upstream, error));
  }

  async *#relay(reply: Reply): AsyncGenerator<Message> {
    const messages = reply.messages()[Symbol.asyncIterator]();
    const read = (): Promise<IteratorResult<Message>> => this.#until(messages.next());
    try {
      for (let next = await read(); next.done !== true; next = await read()) yield this.#translate(next.value);
    } catch (thrown) {
      reply.cancel(thrown);
      yield* errorReply(named(this.#call.route.upstream, McpError.from(thrown))).messages();
    } finally {
      this.#release();
      void messages.return?.();
    }
  }

  #until<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      if (this.#ending.isAborted) reject(McpError.from(this.#ending.reason));
      work.then(resolve, reject);
    });
  }

  /** An error that is not the upstream's own word, but says that it is gone, names it. */
  #translate(message: Message): Message {
    if (message.kind !== 'error') return message;
    const { message: text, data } = message.error.value;
    const gone = isJsonObject(data) && data.code === 'unavailable' && data.upstream === undefined;
    const { isAborted, reason } = this.#ending;
    if (!gone && !isAborted) return message;
    const error = isAborted ? McpError.from(reason) : new McpError('unavailable', text);
    return errorReply(named(this.#call.route.upstream, error)).single ?? message;
  }

  #release(): void {
    this.#isOver = true;
    this.#permit?.release();
    this.#deadline.cancel();
    this.#ending.end();
  }
}

const named = (upstream: Upstream, error: McpError): McpError =>
  error.code === 'cancelled'
    ? error
    : new McpError(error.code, `Upstream "${upstream.name}": ${error.message}`, {
        data: { ...error.data, upstream: upstream.name },
        cause: error,
      });
