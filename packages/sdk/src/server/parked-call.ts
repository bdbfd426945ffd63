import type { Call } from '../core/call.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import type { Message, Reply } from '../core/reply.ts';
import { McpError } from '../core/errors.ts';
import { checkResponse, type Question } from './questions.ts';

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
  readonly #controller = new AbortController();
  readonly #next: Handler;
  readonly #open = new Map<string, Open>();
  #asked = 0;
  #wake: () => void = () => undefined;
  #refused: Reply | undefined;
  #messages: AsyncIterator<Message> | undefined;
  #pending: Promise<Message> | undefined;

  constructor(next: Handler, call: Call) {
    this.call = call;
    this.#next = next;
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
    return signal === this.#controller.signal;
  }

  /** Opens a question; resolves with its answer. */
  ask(question: Question): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      // Keys of one call are never used again.
      this.#open.set(`a${this.#asked++}`, { question, resolve, reject });
      this.#wake();
    });
  }

  /** Goes on in another round; what is not answered stays open. @throws McpError `invalid_params` for what is no answer */
  resume(call: Call, responses: JsonObject): void {
    this.call = call;
    const given = [...this.#open].filter(([key]) => Object.hasOwn(responses, key));
    const answers = given.map(([key, open]) => ({
      key,
      open,
      answer: checkResponse(open.question.method, responses[key]),
    }));
    for (const { key, open, answer } of answers) {
      this.#open.delete(key);
      open.resolve(answer);
    }
  }

  /** Gives the call up. */
  end(error: McpError): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
    this.#controller.abort(error);
  }

  /** The next message; `asked` if the server waits for its caller. */
  async step(): Promise<Step> {
    const asked = new Promise<Step>((resolve) => {
      this.#wake = () => {
        resolve({ kind: 'asked' });
      };
    });
    if (this.#open.size > 0) return { kind: 'asked' };
    const step = await Promise.race([(this.#pending ??= this.#read()), asked]);
    if (step.kind !== 'asked') this.#pending = undefined;
    return step;
  }

  async #read(): Promise<Message> {
    this.#messages ??= await this.#start();
    const next = await this.#messages.next();
    if (next.done !== true) return next.value;
    throw new McpError('unavailable', 'The server ended the call without a result.');
  }

  async #start(): Promise<AsyncIterator<Message>> {
    const reply = await this.#next({ ...this.call, signal: this.#controller.signal });
    if (reply.single?.kind === 'error') this.#refused = reply;
    return reply.messages()[Symbol.asyncIterator]();
  }
}
