import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type NotificationMessage, type Reply, type Result } from '../core/reply.ts';
import { MessageQueue } from '../wire/message-queue.ts';
import type { Journal } from './ask.ts';
import { openJournal, sealJournal, type FunctionIdentity } from './ask-state.ts';
import { FunctionContext, type CallContext } from './context.ts';
import { LazyAsker } from './lazy-asker.ts';
import type { ServerRuntime } from './runtime.ts';

/** A function of a server, as a call runs it. */
export interface Runnable extends FunctionIdentity {
  /** `tool "add"`, for messages and facts. */
  readonly label: string;
  /** How long it may take. Unit: ms; undefined for no limit. */
  readonly timeoutMs?: number | undefined;
  /** Whether it may ask: only calls that may be answered with questions. @defaultValue true */
  readonly canAsk?: boolean;
  readonly run: (call: Call, context: CallContext, reporter: Reporter) => Promise<Result>;
}

/** Takes what went wrong in a function although it has a result; the log tells it. */
export interface Reporter {
  /** @param thrown - where it went wrong */
  report(message: string, thrown?: unknown): void;
}

/** What a function returned is not what it must return; the caller learns that much. */
export const wrongReturn = (label: string, what: string): McpError =>
  new McpError('internal', `${label} returned ${what}.`);

/**
 * Runs a function of the server and makes the reply of what it returns; what it tells on the way makes the reply a stream.
 * @returns rejects with what it throws if nothing was told before
 */
export async function runFunction(call: Call, runtime: ServerRuntime, runnable: Runnable): Promise<Reply> {
  const journal = call.round > 0 ? await openJournal(call, runtime, runnable) : undefined;
  return new FunctionRun(call, runtime, runnable).start(journal);
}

interface Fault extends JsonObject {
  readonly message: string;
  readonly stack?: string | undefined;
}

const faultOf = (message: string, thrown: unknown): Fault =>
  thrown instanceof Error ? { message: thrown.message, stack: thrown.stack } : { message };

class FunctionRun implements Reporter {
  readonly #call: Call;
  readonly #runtime: ServerRuntime;
  readonly #runnable: Runnable;
  #stream: MessageQueue | undefined;
  #isOver = false;
  /** Whether what the function tells is lost, because its caller does not read. */
  #isBehind = false;
  #fault: Fault | undefined;

  constructor(call: Call, runtime: ServerRuntime, runnable: Runnable) {
    this.#call = call;
    this.#runtime = runtime;
    this.#runnable = runnable;
  }

  start(journal: Journal | undefined): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#work(journal, resolve).then(
        (result) => {
          this.#isOver = true;
          if (this.#stream) this.#stream.finish({ kind: 'result', result });
          else resolve(resultReply(result));
        },
        (thrown: unknown) => {
          this.#isOver = true;
          const error = McpError.from(thrown);
          // An edge tells of a cause that it sees.
          if (error.code === 'internal' && (this.#stream || error.cause === undefined))
            this.#record(faultOf(error.message, error.cause));
          if (this.#stream) this.#stream.fail(error);
          else reject(error);
        },
      );
    });
  }

  report(message: string, thrown?: unknown): void {
    this.#fault = faultOf(message, thrown);
  }

  #record(fault: Fault): void {
    const fields = { function: this.#runnable.label, ...fault };
    this.#runtime.telemetry.record({ name: 'function.failed', severity: 'warn', fields });
  }

  async #work(journal: Journal | undefined, resolve: (reply: Reply) => void): Promise<Payload<Result>> {
    const asker = new LazyAsker(this.#call, journal);
    const limit = this.#limit();
    const context = new FunctionContext({
      call: this.#call,
      runtime: this.#runtime,
      asker,
      signal: limit?.signal,
      isReplaying: () => asker.used?.isReplaying === true,
      tell: (message) => {
        this.#tell(message, resolve);
      },
    });
    const work = this.#settled(this.#runnable.run(this.#call, context, this), asker);
    if (!limit) return work;
    try {
      return await Promise.race([work, limit.expired]);
    } finally {
      limit.stop();
    }
  }

  /** A question that is open wins over whatever the function returned or threw. */
  async #settled(running: Promise<Result>, asker: LazyAsker): Promise<Payload<Result>> {
    let result: Result | undefined;
    let thrown: unknown;
    try {
      result = await running;
    } catch (error) {
      thrown = error;
    }
    await asker.used?.settled();
    const fault = asker.used?.fault;
    if (fault) throw fault;
    const asked = asker.used && (await this.#inputRequired(asker.used));
    if (asked) return Payload.of(asked);
    if (!result) throw thrown;
    if (this.#fault !== undefined) this.#record(this.#fault);
    return this.#payload(result);
  }

  /** The result as it will be sent: what is not JSON is the function's fault, not the edge's. */
  #payload(result: Result): Payload<Result> {
    const payload = Payload.of(result);
    if (isJson(payload)) return payload;
    throw wrongReturn(this.#runnable.label, 'what is not JSON');
  }

  async #inputRequired(journal: Journal): Promise<Result | undefined> {
    const { inputRequests } = journal;
    if (!inputRequests) return undefined;
    const { label, canAsk = true } = this.#runnable;
    if (!canAsk) throw new McpError('internal', `${label} cannot ask: its call cannot be answered with a question.`);
    const bound = { runtime: this.#runtime, identity: this.#runnable };
    const requestState = await sealJournal(await journal.state(), this.#call, bound);
    return { resultType: 'input_required', inputRequests, requestState };
  }

  #tell(message: NotificationMessage, resolve: (reply: Reply) => void): void {
    const fault = this.#faultOf(message) ?? this.#send(message, resolve);
    if (!fault) return;
    const fields = { function: this.#runnable.label, method: message.method };
    this.#runtime.telemetry.record({ name: fault, severity: 'warn', fields });
  }

  #faultOf(message: NotificationMessage): string | undefined {
    if (this.#isOver) return 'function.told_after_its_end';
    return isJson(message.params) ? undefined : 'function.told_no_json';
  }

  #send(message: NotificationMessage, resolve: (reply: Reply) => void): string | undefined {
    if (!this.#stream) {
      this.#stream = new MessageQueue();
      resolve(streamReply(this.#stream, () => undefined));
    }
    if (this.#stream.offer(message)) {
      this.#isBehind = false;
      return undefined;
    }
    const isKnown = this.#isBehind;
    this.#isBehind = true;
    return isKnown ? undefined : 'function.told_too_much';
  }

  /** The end of the function's time; undefined if it has no limit. */
  #limit() {
    const { timeoutMs = this.#runtime.timeoutMs, label } = this.#runnable;
    if (timeoutMs === undefined) return undefined;
    const controller = new AbortController();
    let stop = (): void => undefined;
    const expired = new Promise<never>((_, reject) => {
      stop = this.#runtime.clock.after(timeoutMs, () => {
        const error = new McpError('timeout', `${label} did not answer within ${timeoutMs} ms.`);
        this.#runtime.telemetry.record({
          name: 'function.timed_out',
          severity: 'warn',
          fields: { function: label, timeoutMs },
        });
        controller.abort(error);
        reject(error);
      });
    });
    return { expired, stop, signal: AbortSignal.any([this.#call.signal, controller.signal]) };
  }
}

/** Whether it can be sent; what is encoded here is not encoded again. */
function isJson(payload: Payload): boolean {
  try {
    return payload.json.length > 0;
  } catch {
    return false;
  }
}
