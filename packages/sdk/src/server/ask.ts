/* eslint-disable @typescript-eslint/no-deprecated -- sample() and roots() are deprecated for their users, not here */
import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { validate, type Infer, type Schema } from '../validation/schema.ts';
import { digestOf } from './digest.ts';
import {
  checkResponse,
  formQuestion,
  requireCapability,
  ROOTS_QUESTION,
  sampleQuestion,
  urlQuestion,
  type Question,
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
  /** A name of your own. @defaultValue the ordinal of the question, with a hash of what it asks */
  id?: string;
}

/**
 * Asks the caller's side.
 *
 * @remarks The function that asks is left by throwing and runs again, from its start, when the answers are there; known
 * answers are served from the journal. So the same arguments and answers must lead to the same questions
 * (`nondeterministic_tool` otherwise), and what must happen once belongs into {@link Asker.once}. A question that is open wins over whatever the
 * function returned or threw. Questions that are asked before the first of them is awaited make one round. Each method rejects with
 * `missing_client_capability` if the caller has not declared that it can answer.
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

/** Leaves a function that asks; nobody sees it unless a `catch` of the function does. */
class Suspended extends Error {
  override readonly name = 'Suspended';
  constructor() {
    super('The function waits for an answer: let this error pass.');
  }
}

/** The questions, answers and effects of one call, over all its rounds. */
export class Journal implements Asker {
  readonly #call: Call;
  readonly #known = new Map<string, JournalEntry>();
  readonly #effects = new Map<string, Promise<unknown>>();
  readonly #responses: JsonObject;
  readonly #open = new Map<string, Question>();
  /** Keys of what the rounds before have left, not asked for again yet. */
  readonly #ahead = new Set<string>();
  /** Keys whose answer did not fit. */
  readonly #refused = new Set<string>();
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
        const entry: PendingEntry = { hash: await hashOf(question), method: question.method };
        return [key, entry] as const;
      }),
    );
    return { entries: [...this.#known.values()], pending: Object.fromEntries(pending) };
  }

  readonly ask: Asker['ask'] = (schema, message, options) => handled(this.#form(schema, message, options));

  readonly askUrl: Asker['askUrl'] = (url, message, options) => {
    const answer = this.#answer(this.#keyOf(options), urlQuestion(url, message));
    return handled(
      answer.then(({ action }) => ({ action: action === 'accept' || action === 'cancel' ? action : 'decline' })),
    );
  };

  readonly sample: Asker['sample'] = (request, options) =>
    // Checked by checkResponse; unknown content kinds pass.
    handled(this.#answer(this.#keyOf(options), sampleQuestion(request)) as Promise<SampleResult>);

  readonly roots: Asker['roots'] = (options) =>
    // Checked by checkResponse.
    handled(this.#answer(this.#keyOf(options), ROOTS_QUESTION).then(({ roots }) => roots as Root[]));

  readonly once: Asker['once'] = <T>(name: string, effect: () => T | Promise<T>): Promise<T> => {
    const key = `once:${name}`;
    const running = this.#effects.get(key) ?? this.#effect(key, effect);
    this.#effects.set(key, running);
    // It went in as a T.
    return handled(running as Promise<T>);
  };

  /** Resolves when no effect is running any more: what they returned belongs to the state. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#effects.values());
  }

  async #effect(key: string, effect: () => unknown): Promise<unknown> {
    const known = this.#known.get(key);
    this.#ahead.delete(key);
    if (known) return known.value;
    const value = await effect();
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
    const known = this.#known.get(key);
    if (!known) return this.#foreseen(key, question) ?? this.#suspend(key, question);
    // One after the other, so that code that runs side by side goes on in the same order in each round.
    const hash = await (this.#hashing = this.#hashing.then(() => hashOf(question)));
    this.#ahead.delete(key);
    // checkResponse has seen it.
    if (known.hash === hash) return known.value as JsonObject;
    this.#mismatch = new McpError(
      'nondeterministic_tool',
      `The question "${key}" differs from what it was on the round before: the same arguments and answers must lead to the same questions.`,
    );
    throw this.#mismatch;
  }

  /** The answer to a question with an id of its own, from a caller that knew it would be asked. */
  #foreseen(key: string, { method }: Question): JsonObject | undefined {
    if (/^q\d+$/.test(key) || !Object.hasOwn(this.#responses, key) || this.#refused.has(key)) return undefined;
    return checkResponse(method, this.#responses[key]);
  }

  #suspend(key: string, question: Question): never {
    requireCapability(question, this.#call);
    if (this.#open.has(key))
      throw new McpError('nondeterministic_tool', `Two questions of one call have the id "${key}".`);
    this.#refused.add(key);
    this.#known.delete(key);
    this.#open.set(key, question);
    throw new Suspended();
  }
}

/** Marks a rejection as seen: whoever asks several questions awaits them one by one, and the first ends the function. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const hashOf = ({ method, params }: Question): Promise<string> => digestOf([method, params]);

/** Makes its journal when the function first asks: most never do. */
export class LazyAsker implements Asker {
  readonly #call: Call;
  #journal: Journal | undefined;

  constructor(call: Call, journal: Journal | undefined) {
    this.#call = call;
    this.#journal = journal;
  }

  /** Undefined if nothing was asked in any round. */
  get used(): Journal | undefined {
    return this.#journal;
  }

  get ask(): Asker['ask'] {
    return this.#made.ask;
  }

  get askUrl(): Asker['askUrl'] {
    return this.#made.askUrl;
  }

  get sample(): Asker['sample'] {
    return this.#made.sample;
  }

  get roots(): Asker['roots'] {
    return this.#made.roots;
  }

  get once(): Asker['once'] {
    return this.#made.once;
  }

  get #made(): Journal {
    return (this.#journal ??= new Journal(this.#call));
  }
}
