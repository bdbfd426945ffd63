import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { validate, type Infer, type Schema } from '../validation/schema.ts';
import { digestOf } from '../wire/digest.ts';
import { checkResponse, requireCapability, ROOTS_QUESTION, type Question } from '../wire/question.ts';
import {
  formQuestion,
  sampleQuestion,
  urlQuestion,
  type Root,
  type SampleRequest,
  type SampleResult,
} from './questions.ts';

/** How the user answered a form: `content` is validated and typed. */
export type AskOutcome<T> =
  { readonly action: 'accept'; readonly content: T } | { readonly action: 'decline' } | { readonly action: 'cancel' };

/** What the user did about a page: `accept` says that it was opened, not that the matter is settled there. */
export interface UrlOutcome {
  readonly action: 'accept' | 'decline' | 'cancel';
}

/** How a question is known on the next round. */
export interface AskOptions {
  /** A name of your own; schema and message may then differ from round to round. @defaultValue the ordinal of the question, with a hash of what it asks */
  id?: string;
}

/**
 * Asks the caller's side.
 *
 * @remarks The function that asks is left by throwing and runs again, from its start, when the answers are there; known
 * answers are served from the journal. So the same arguments and answers must lead to the same questions
 * (`nondeterministic_tool` otherwise), and what must happen once belongs into {@link Asker.once}. A question that is open wins over whatever the
 * function returned or threw. Questions that are asked before the first of them is awaited make one round; await functions
 * of your own that ask side by side with `Promise.all`, for one that is left behind is an unhandled rejection to Node.
 * Each method rejects with `missing_client_capability` if the caller has not declared that it can answer.
 */
export interface Asker {
  /** Asks the user for what the schema says: a flat object of strings, numbers, booleans and choices. */
  readonly ask: <S extends Schema>(schema: S, message: string, options?: AskOptions) => Promise<AskOutcome<Infer<S>>>;
  /** Sends the user to a page, for what must not pass through the client: credentials, payments. */
  readonly askUrl: (url: string, message: string, options?: AskOptions) => Promise<UrlOutcome>;
  /**
   * Asks the caller's model.
   * @deprecated by the specification since 2026-07-28 (SEP-2577): call a model of your own
   */
  readonly sample: (request: SampleRequest, options?: AskOptions) => Promise<SampleResult>;
  /**
   * Asks for the folders and files that the caller works with.
   * @deprecated by the specification since 2026-07-28 (SEP-2577): take paths as arguments
   */
  readonly roots: (options?: AskOptions) => Promise<readonly Root[]>;
  /**
   * Runs a side effect once for all rounds of the call and keeps what it returns, which must be JSON.
   *
   * It runs once as long as the caller plays fair; with a `store`, a state is good for one use, and so is the effect.
   */
  readonly once: <T>(key: string, effect: () => T | Promise<T>) => Promise<T>;
}

/** An answer, or what an effect returned, with what it answers. */
export interface JournalEntry {
  readonly key: string;
  readonly hash: string;
  readonly value: unknown;
}

/** A question that was put to the caller. */
export interface PendingEntry {
  readonly hash: string;
  readonly method: string;
}

/** What a round leaves to the next one. */
export interface JournalState {
  readonly entries: readonly JournalEntry[];
  readonly pending: Readonly<Record<string, PendingEntry>>;
}

/**
 * Leaves a function that asks. It is seen by a `catch` of the function, and by Node, as an unhandled rejection that ends
 * the process, where the function has left behind a promise that it made of an answer.
 */
class Suspended extends Error {
  override readonly name = 'Suspended';
  constructor() {
    super('The function waits for an answer: let this error pass, and await what asks side by side with Promise.all.');
  }
}

/** The questions, answers and effects of one call, over all its rounds. */
export class Journal implements Asker {
  readonly #call: Call;
  readonly #known = new Map<string, JournalEntry>();
  readonly #effects = new Map<string, Promise<unknown>>();
  /** What the function may be waiting for. */
  readonly #waiting = new Set<Promise<unknown>>();
  readonly #responses: JsonObject;
  readonly #open = new Map<string, Question>();
  /** Keys of the questions of this round, answered or not. */
  readonly #keys = new Set<string>();
  /** Keys of what the rounds before have left, not asked for again yet. */
  readonly #ahead = new Set<string>();
  #hashing: Promise<string> = Promise.resolve('');
  #asked = 0;
  #mismatch: McpError | undefined;

  /** @param state - what the round before has left @param responses - `inputResponses` of this round */
  constructor(call: Call, state?: JournalState, responses: JsonObject = {}) {
    this.#call = call;
    this.#responses = responses;
    for (const entry of state?.entries ?? []) this.#remember(entry);
    for (const [key, { hash, method }] of Object.entries(state?.pending ?? {}))
      if (Object.hasOwn(responses, key)) this.#remember({ key, hash, value: checkResponse(method, responses[key]) });
  }

  /** Whether the function still does what it has done before. */
  get isReplaying(): boolean {
    return this.#ahead.size > 0;
  }

  /** What the function must not be able to hide: an error of its own doing. */
  get fault(): McpError | undefined {
    return this.#mismatch;
  }

  /** The questions that are open, as `inputRequests`; undefined if there are none. */
  get inputRequests(): JsonObject | undefined {
    if (this.#open.size === 0) return undefined;
    const requests = [...this.#open].map(([key, { method, params }]) => [key, { method, params }] as const);
    return Object.fromEntries(requests);
  }

  /** What the next round needs. */
  async state(): Promise<JournalState> {
    const pending = await Promise.all(
      [...this.#open].map(async ([key, question]) => {
        const entry: PendingEntry = { hash: await hashOf(key, question), method: question.method };
        return [key, entry] as const;
      }),
    );
    return { entries: [...this.#known.values()], pending: Object.fromEntries(pending) };
  }

  readonly ask: Asker['ask'] = (schema, message, options) => this.#tracked(this.#form(schema, message, options));

  readonly askUrl: Asker['askUrl'] = (url, message, options) => this.#tracked(this.#url(url, message, options));

  readonly sample: Asker['sample'] = (request, options) =>
    // Checked by checkResponse; unknown content kinds pass.
    this.#tracked(this.#answer(this.#keyOf(options), sampleQuestion(request)) as Promise<SampleResult>);

  readonly roots: Asker['roots'] = (options) =>
    // Checked by checkResponse.
    this.#tracked(this.#answer(this.#keyOf(options), ROOTS_QUESTION).then(({ roots }) => roots as Root[]));

  readonly once: Asker['once'] = <T>(name: string, effect: () => T | Promise<T>): Promise<T> => {
    const key = `once:${name}`;
    const running = this.#effects.get(key) ?? this.#begin(key, effect);
    // It went in as a T.
    return this.#tracked(running as Promise<T>);
  };

  /**
   * Resolves when no effect is running any more, whose results belong to the state, and when all that goes on side by
   * side has got to its next question: what is known together is asked together.
   */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0) {
      await Promise.allSettled(this.#waiting);
      for (let tick = 0; tick < TICKS; tick++) await Promise.resolve();
    }
  }

  /** Whoever asks several questions awaits them one by one, and the first ends the function: no rejection is unseen. */
  #tracked<T>(promise: Promise<T>): Promise<T> {
    const forget = (): void => void this.#waiting.delete(promise);
    this.#waiting.add(promise);
    promise.then(forget, forget);
    return promise;
  }

  #begin(key: string, effect: () => unknown): Promise<unknown> {
    const running = this.#effect(key, effect);
    this.#effects.set(key, running);
    // What failed has not happened: it may be tried again.
    running.catch(() => this.#effects.delete(key));
    return running;
  }

  async #effect(key: string, effect: () => unknown): Promise<unknown> {
    const known = this.#known.get(key);
    this.#ahead.delete(key);
    if (known) return known.value;
    const value = asJson(key, await effect());
    this.#known.set(key, { key, hash: '', value });
    return value;
  }

  async #form<S extends Schema>(schema: S, message: string, options?: AskOptions): Promise<AskOutcome<Infer<S>>> {
    const key = this.#keyOf(options);
    const question = formQuestion(schema, message);
    const answer = await this.#answer(key, question);
    if (answer.action !== 'accept') return { action: answer.action === 'cancel' ? 'cancel' : 'decline' };
    const checked = await validate(schema, answer.content ?? {});
    // What does not fit is asked again.
    if (checked.issues) return this.#suspend(key, question);
    // The schema says what its values are.
    return { action: 'accept', content: checked.value as Infer<S> };
  }

  async #url(url: string, message: string, options?: AskOptions): Promise<UrlOutcome> {
    const key = this.#keyOf(options);
    const { action } = await this.#answer(key, urlQuestion(url, message));
    return { action: action === 'accept' || action === 'cancel' ? action : 'decline' };
  }

  #remember(entry: JournalEntry): void {
    this.#known.set(entry.key, entry);
    this.#ahead.add(entry.key);
  }

  /** Taken at once, so that questions asked together keep their order. */
  #keyOf({ id }: AskOptions = {}): string {
    const ordinal = `q${this.#asked++}`;
    if (id === undefined) return ordinal;
    if (!/^(q\d+$|once:)/.test(id)) return id;
    throw new McpError('invalid_options', `The id "${id}" of a question is reserved; choose another one.`);
  }

  async #answer(key: string, question: Question): Promise<JsonObject> {
    // Served again, its answer would keep a function that asks until it likes it busy for ever.
    if (this.#keys.has(key)) throw this.#differs(`Two questions of one call have the id "${key}".`);
    this.#keys.add(key);
    const known = this.#known.get(key);
    const foreseen = known ? undefined : this.#foreseen(key, question);
    if (!known && !foreseen) return this.#suspend(key, question);
    // One after the other, so that code that runs side by side goes on in the same order in each round.
    const hash = await (this.#hashing = this.#hashing.then(() => hashOf(key, question)));
    this.#ahead.delete(key);
    if (foreseen) this.#known.set(key, { key, hash, value: foreseen });
    if (!known || known.hash === hash) return foreseen ?? (known?.value as JsonObject);
    throw this.#differs(
      `The question "${key}" differs from what it was on the round before: the same arguments and answers must lead to the same questions.`,
    );
  }

  /** Kept, so that no `catch` of the function hides it. */
  #differs(message: string): McpError {
    return (this.#mismatch ??= new McpError('nondeterministic_tool', message));
  }

  /** The answer to a question with an id of its own, from a caller that knew it would be asked. */
  #foreseen(key: string, { method }: Question): JsonObject | undefined {
    if (ORDINAL.test(key) || !Object.hasOwn(this.#responses, key)) return undefined;
    return checkResponse(method, this.#responses[key]);
  }

  #suspend(key: string, question: Question): never {
    requireCapability(question, this.#call);
    this.#known.delete(key);
    this.#open.set(key, question);
    throw new Suspended();
  }
}

/** How many promises may lie between an answer and the question that follows from it. */
const TICKS = 20;

const ORDINAL = /^q\d+$/;

/** An id of its own stands for what is asked; an ordinal does not. */
const hashOf = (key: string, { method, params }: Question): Promise<string> =>
  digestOf(ORDINAL.test(key) ? [method, params] : [method]);

/** The value as a later round will see it. */
function asJson(key: string, value: unknown): unknown {
  try {
    const json = JSON.stringify(value) as string | undefined;
    return json === undefined ? undefined : JSON.parse(json);
  } catch (cause) {
    throw new McpError('internal', `${key} returned what is not JSON, so it cannot be kept.`, { cause });
  }
}
