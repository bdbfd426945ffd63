import {
  Cancellation,
  EdgeCall,
  ERROR_TABLE,
  errorReply,
  isJsonObject,
  McpError,
  streamReply,
  type Call,
  type Handler,
  type Message,
  type Reply,
  type SignalSource,
} from '@org/mcp-sdk';
import { renameTarget } from '@org/mcp-sdk/wire';
import type { RoutedCall } from '../core/routed-call.ts';
import type { Endpoint, InFlight, Permit, Upstream } from '../core/upstream.ts';
import type { Deadline, Expirable, Wheel } from '../core/wheel.ts';
import { httpStatusOf } from '../registry/answer.ts';
import type { Pick } from './pick.ts';
import { reach } from './reach.ts';
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
  ({ pick, wheel, reopen, restamp }: DispatchOptions): Handler<RoutedCall> =>
  async (given) => {
    const call = given.round === 0 ? given : await reopen(given);
    const { upstream, endpoint: first } = call.route;
    const guard = new Guard(call, wheel);
    try {
      guard.check();
      const reaching = reach(upstream, pick, first);
      const reached = reaching instanceof Promise ? await guard.until(reaching) : reaching;
      const { endpoint, connection, missed } = reached;
      guard.enter(endpoint);
      const reply = await guard.until(connection.handler(new EdgeCall(renamed(call), guard.ending)));
      if (missed && isUnknownTask(call, reply)) throw guard.acquit(missed);
      const restamped = restamp(reply, { call, endpoint });
      return guard.follow(restamped instanceof Promise ? await restamped : restamped);
    } catch (thrown) {
      throw guard.failed(thrown);
    }
  };

/** An endpoint that has not made a task does not know it: while another one is out of reach, the task is too. */
const isUnknownTask = (call: RoutedCall, { single }: Reply): boolean =>
  isAboutTask(call) && single?.kind === 'error' && single.error.value.code === ERROR_TABLE.not_found.rpc;

/** The call under the upstream's name for its target, if it has one. */
function renamed(call: RoutedCall): Omit<Call, keyof SignalSource> {
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

/** What can end a call before its reply does: the caller, the deadline, the endpoint. */
class Guard implements InFlight, Expirable {
  readonly #upstream: Upstream;
  /** What the connection listens to. */
  readonly ending: Cancellation;
  #endpoint: Endpoint | undefined;
  #permit: Permit | undefined;
  #interrupt: ((reason: unknown) => void) | undefined;
  readonly #deadline: Deadline;

  constructor(call: RoutedCall, wheel: Wheel) {
    this.#upstream = call.route.upstream;
    const ending = new Cancellation(call);
    this.ending = ending;
    ending.onAbort((reason) => {
      this.#interrupt?.(reason);
    });
    this.#deadline = wheel.after(this.#upstream.timeoutMs, this);
  }

  expire(): void {
    this.fail(new McpError('timeout', `no result within ${this.#upstream.timeoutMs} ms`));
  }

  fail(reason: Error): void {
    this.ending.abort(reason);
  }

  /** Waits for `work`, but no longer than the call may last: a server in this process need not look at the signal. */
  until<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      work.then(resolve, reject);
    });
  }

  /** Puts the call on an endpoint, which ends it when it is lost. */
  enter(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
    this.#permit = endpoint.enter(this);
  }

  /** What fails the call is no fault of the endpoint that has answered it. */
  acquit(error: McpError): McpError {
    this.#endpoint = undefined;
    return error;
  }

  /** @throws why the call is over already */
  check(): void {
    if (this.ending.isAborted) throw McpError.from(this.ending.reason);
  }

  /** Lets go when the reply is at its end. */
  follow(reply: Reply): Reply {
    if (reply.single) {
      this.#release();
      return reply;
    }
    return streamReply(this.#relay(reply), (reason) => {
      reply.cancel(reason);
      this.#release();
    });
  }

  /** Lets go and says what went wrong, naming the upstream. */
  failed(thrown: unknown): Error {
    const { isAborted, reason } = this.ending;
    const error = McpError.from(isAborted ? reason : thrown);
    const unanswered = error.code === 'unavailable' && httpStatusOf(error) === undefined;
    if (unanswered && !isAborted) this.#endpoint?.suspect(error.message);
    this.#release();
    return named(this.#upstream, error);
  }

  async *#relay(reply: Reply): AsyncGenerator<Message> {
    const messages = reply.messages()[Symbol.asyncIterator]();
    const read = (): Promise<IteratorResult<Message>> => this.until(messages.next());
    try {
      for (let next = await read(); next.done !== true; next = await read()) yield this.#translate(next.value);
    } catch (thrown) {
      reply.cancel(thrown);
      yield* errorReply(named(this.#upstream, McpError.from(thrown))).messages();
    } finally {
      this.#release();
      void messages.return?.();
    }
  }

  /** An error that is not the upstream's own word, but says that it is gone, names it. */
  #translate(message: Message): Message {
    if (message.kind !== 'error') return message;
    const { message: text, data } = message.error.value;
    const gone = isJsonObject(data) && data.code === 'unavailable' && data.upstream === undefined;
    const { isAborted, reason } = this.ending;
    if (!gone && !isAborted) return message;
    const error = isAborted ? McpError.from(reason) : new McpError('unavailable', text);
    return errorReply(named(this.#upstream, error)).single ?? message;
  }

  #release(): void {
    this.#permit?.release();
    this.#deadline.cancel();
    this.ending.end();
  }
}

const named = (upstream: Upstream, error: McpError): McpError =>
  error.code === 'cancelled'
    ? error
    : new McpError(error.code, `Upstream "${upstream.name}": ${error.message}`, {
        data: { ...error.data, upstream: upstream.name },
        cause: error,
      });
