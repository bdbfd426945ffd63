import { InnerCall, type Call } from '../core/call.ts';
import { Cancellation } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Message, Reply } from '../core/reply.ts';
import { checkResponse, type Question } from '../wire/question.ts';

/** Questions that come within this time are put together. Unit: ms. */
const GATHER_MS = 20;

const PROGRESS = 'notifications/progress';

interface Open {
  readonly question: Question;
  readonly resolve: (answer: JsonObject) => void;
  readonly reject: (reason: unknown) => void;
}

/** What comes next of a held call: a message of its reply, or questions that are open. */
export type Step = Message | { readonly kind: 'asked' };

/** A call of a server that may ask while it runs; it outlives the rounds of its caller. */
export class ParkedCall {
  /** The call of the round at hand. */
  call: Call;
  readonly #ending = new Cancellation();
  readonly #next: Handler;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();
  #asked = 0;
  /** Whether the open questions are to be put: others may come with the first. */
  #isGathered = false;
  /** Ends the step that is waited for. */
  #resolveStep: ((step: Step) => void) | undefined;
  #refused: Reply | undefined;
  #messages: AsyncIterator<Message> | undefined;
  #pending: Promise<Message> | undefined;

  constructor(next: Handler, call: Call, clock: Clock) {
    this.call = call;
    this.#next = next;
    this.#clock = clock;
  }

  /** The questions that are open, as `inputRequests`. */
  get inputRequests(): JsonObject {
    const open = [...this.#open].map(([key, { question }]) => [
      key,
      { method: question.method, params: question.params },
    ]);
    return Object.fromEntries(open) as JsonObject;
  }

  /** The reply, if it is one error: it keeps its status and headers. */
  get refused(): Reply | undefined {
    return this.#refused;
  }

  /** Whether `call` is what the server was sent for this one, or a copy of it. */
  isSentAs({ signal }: Call): boolean {
    return signal === this.#ending.signal;
  }

  /** Opens a question; resolves with its answer. @param signal - aborts when the server no longer waits for it */
  ask(question: Question, signal: AbortSignal): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      // Keys of one call are never used again.
      const key = `a${this.#asked++}`;
      if (this.#open.size === 0) this.#gather();
      this.#open.set(key, { question, resolve, reject });
      const withdraw = (): void => {
        this.#open.delete(key);
        reject(McpError.from(signal.reason));
      };
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** Goes on in another round; what is not answered stays open. @throws McpError `invalid_params` for what is no answer */
  resume(call: Call, responses: JsonObject): void {
    const given = [...this.#open].filter(([key]) => Object.hasOwn(responses, key));
    const answers = given.map(([key, open]) => ({
      key,
      open,
      answer: checkResponse(open.question.method, responses[key]),
    }));
    this.call = call;
    for (const { key, open, answer } of answers) {
      this.#open.delete(key);
      open.resolve(answer);
    }
  }

  /** Gives the call up. */
  end(error: McpError): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
    this.#ending.abort(error);
  }

  /** @throws why it was given up, if it was */
  checkNotOver(): void {
    if (this.#ending.isAborted) throw McpError.from(this.#ending.reason);
  }

  /**
   * The next message; `asked` if the server waits for its caller.
   *
   * @remarks No `Promise.race`, nor a function for each step that is kept: messages that were read already were kept with
   * them until the heap was collected as a whole. A long stream of 64 KiB events took 84 MiB so, and takes 18.
   */
  async step(): Promise<Step> {
    if (this.#isGathered && this.#open.size > 0) return { kind: 'asked' };
    const step = await new Promise<Step>((resolve, reject) => {
      this.#resolveStep = resolve;
      (this.#pending ??= this.#read()).then(resolve, reject);
    });
    this.#resolveStep = undefined;
    if (step.kind === 'asked') return step;
    this.#pending = undefined;
    return this.#ofThisRound(step) ?? this.step();
  }

  #gather(): void {
    this.#isGathered = false;
    this.#clock.after(GATHER_MS, () => {
      if (this.#open.size === 0) return;
      this.#isGathered = true;
      this.#resolveStep?.({ kind: 'asked' });
    });
  }

  /** The server knows the token of the first round only; undefined if this one wants no progress. */
  #ofThisRound(message: Message): Message | undefined {
    if (message.kind !== 'notification' || message.method !== PROGRESS) return message;
    const { progressToken } = this.call;
    const { value } = message.params;
    if (progressToken === undefined) return undefined;
    return progressToken === value.progressToken
      ? message
      : { ...message, params: Payload.of<JsonObject>({ ...value, progressToken }) };
  }

  async #read(): Promise<Message> {
    if (!this.#messages) {
      const reply = await this.#next(new InnerCall(this.call, this.#ending));
      if (reply.single?.kind === 'error') this.#refused = reply;
      if (reply.single) return reply.single;
      this.#messages = reply.messages()[Symbol.asyncIterator]();
    }
    const next = await this.#messages.next();
    if (next.done !== true) return next.value;
    throw new McpError('unavailable', 'The server ended the call without a result.');
  }
}
