import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { onAbort } from '../core/cancellation.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { LinkedList } from '../core/linked-list.ts';
import { Payload } from '../core/payload.ts';
import type { Random } from '../core/random.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { toBase64Url } from '../wire/base64.ts';
import { digestOf } from '../wire/digest.ts';
import { questionOf, requireCapability, type Question } from '../wire/question.ts';
import { GivenUpCalls } from './given-up.ts';
import type { ServerRequest } from './link.ts';
import { ParkedCall } from './parked-call.ts';
import { shareFinal, type SharedFinal } from './shared-final.ts';

/** How long a server may be kept waiting for an answer. Unit: ms. */
const TTL_MS = 10 * 60 * 1000;

/** Calls that may be held at a time: each keeps a call of the server open. */
const MAX_PARKED = 1_000;

/** How long the outcome of a round is kept for a retry that comes twice. Unit: ms. */
const REPEAT_MS = 60_000;

/** Outcomes that are kept so at a time. */
const MAX_RESUMED = 1_000;

interface Parked {
  readonly held: ParkedCall;
  readonly binding: string;
  readonly stop: () => void;
}

interface Resumed {
  readonly binding: string;
  readonly final: SharedFinal;
  readonly stop: () => void;
}

/**
 * Lets a server that asks in the middle of a call be called by whoever is asked in results: its running call is held
 * while the caller answers, and goes on with the retry.
 *
 * @remarks A question belongs to the call that the server says, or to the only one that is running or held. Where neither
 * tells, the server learns that nothing can be asked: a question must never reach another call's caller.
 */
export class ParkedCalls {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #givenUp: GivenUpCalls;
  readonly #isOneCaller: boolean;
  readonly #running = new LinkedList<ParkedCall>();
  readonly #parked = new Map<string, Parked>();
  readonly #resumed = new Map<string, Resumed>();
  #isClosed = false;

  /** @param whose - `isOneCaller` if all calls are: then each question may be put to whichever runs */
  constructor(clock: Clock, random: Random, { isOneCaller = false }: { readonly isOneCaller?: boolean } = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#givenUp = new GivenUpCalls(clock);
    this.#isOneCaller = isOneCaller;
  }

  /** How many calls are running or held. */
  get size(): number {
    return this.#running.size + this.#parked.size;
  }

  /** Whether a retry with that state goes on here. */
  has(requestState: string): boolean {
    return this.#parked.has(requestState) || this.#resumed.has(requestState);
  }

  /**
   * Answers a call by `next`, in as many rounds as the server has questions for. Two retries with one state share one
   * outcome.
   * @throws McpError `invalid_params` if `params.requestState` is not one of this call, or has expired
   */
  async answer(call: Call, next: Handler): Promise<Reply> {
    if (call.round === 0) return this.#round(new ParkedCall(next, call, this.#clock), call);
    const { requestState, inputResponses } = call.params.value;
    if (requestState === undefined) return this.#round(new ParkedCall(next, call, this.#clock), call);
    const state = typeof requestState === 'string' ? requestState : '';
    const binding = await bindingOf(call);
    const resumed = this.#resumed.get(state);
    if (resumed?.binding === binding) return resumed.final.reply();
    const parked = this.#parked.get(state);
    if (parked?.binding !== binding)
      throw new McpError('invalid_params', 'params.requestState is not one of this call, or has expired.');
    parked.held.resume(call, isJsonObject(inputResponses) ? inputResponses : {});
    // Only now: a retry that is refused does not use it up.
    this.#parked.delete(state);
    parked.stop();
    const { reply, final } = shareFinal(this.#round(parked.held, call));
    const forget = this.#clock.after(REPEAT_MS, () => this.#resumed.delete(state));
    this.#keep(state, { binding, final, stop: forget });
    return reply;
  }

  /**
   * Puts a question of the server to the caller of the call it belongs to; resolves with the answer.
   * @param outside - asks where no call is running at all
   * @throws McpError `method_not_found` if it cannot be told whom to ask, `missing_client_capability`
   */
  async ask(request: ServerRequest, outside?: (question: Question) => Promise<JsonObject>): Promise<JsonObject> {
    const { method, params, call, signal } = request;
    if (call === null) throw new McpError('method_not_found', `${method}: the call that asks has ended.`);
    const question = questionOf(method, params);
    const all = this.#candidates(call);
    const [only] = all;
    if (!only && call === undefined && outside) return outside(question);
    if (!only || all.length > 1)
      throw new McpError('method_not_found', `${method}: it cannot be told which of ${all.length} calls asks.`);
    if (call === undefined && !this.#isOneCaller && this.#givenUp.hasOfOthers(only.call))
      throw new McpError('method_not_found', `${method}: it may be asked for a call that was given up.`);
    requireCapability(question, only.call);
    return only.ask(question, signal);
  }

  /** Ends what is held: the server learns that nobody answers. */
  close(): void {
    this.#isClosed = true;
    for (const { held, stop } of this.#parked.values()) {
      stop();
      held.end(closed());
    }
    this.#parked.clear();
    for (const { stop } of this.#resumed.values()) stop();
    this.#resumed.clear();
  }

  /** Keeps an outcome; each holds a result. */
  #keep(state: string, resumed: Resumed): void {
    this.#resumed.set(state, resumed);
    const [oldest] = this.#resumed;
    if (this.#resumed.size <= MAX_RESUMED || !oldest) return;
    oldest[1].stop();
    this.#resumed.delete(oldest[0]);
  }

  #candidates(call: Call | undefined): ParkedCall[] {
    const held = [...this.#parked.values()].map((parked) => parked.held);
    return [...this.#running.values(), ...held].filter((one) =>
      call ? one.isSentAs(call) : one.call.method !== 'subscriptions/listen',
    );
  }

  async #round(held: ParkedCall, call: Call): Promise<Reply> {
    const running = this.#running.add(held);
    const abort = (reason: unknown): void => {
      if (running.isIn) this.#giveUp(held, McpError.from(reason));
    };
    const ignore = onAbort(call, abort);
    const over = (): void => {
      ignore();
      running.remove();
    };
    let isStream = false;
    try {
      const first = await held.step();
      isStream = first.kind === 'notification';
      if (first.kind === 'notification') return streamReply(this.#rest(held, first, over), abort);
      if (first.kind === 'asked') return resultReply(await this.#park(held, over));
      return first.kind === 'result' ? resultReply(first.result) : (held.refused ?? streamReply(only(first), abort));
    } finally {
      if (!isStream) over();
    }
  }

  #giveUp(held: ParkedCall, error: McpError): void {
    this.#givenUp.add(held.call);
    held.end(error);
  }

  async *#rest(held: ParkedCall, first: Message, over: () => void): AsyncGenerator<Message> {
    try {
      yield first;
      for (;;) {
        const step = await held.step();
        yield step.kind === 'asked' ? { kind: 'result', result: await this.#park(held, over) } : step;
        if (step.kind !== 'notification') return;
      }
    } finally {
      over();
    }
  }

  /** It counts as running until it is held: what the server asks meanwhile must not look like another call's. */
  async #park(held: ParkedCall, over: () => void): Promise<Payload<JsonObject>> {
    const binding = await bindingOf(held.call);
    over();
    if (this.#isClosed) held.end(closed());
    else if (this.#parked.size >= MAX_PARKED)
      this.#giveUp(held, new McpError('overloaded', `More than ${MAX_PARKED} calls wait for their callers.`));
    held.checkNotOver();
    const requestState = toBase64Url(this.#random.bytes(16));
    const stop = this.#clock.after(TTL_MS, () => {
      this.#parked.delete(requestState);
      this.#giveUp(held, new McpError('timeout', 'Nobody answered in time.'));
    });
    this.#parked.set(requestState, { held, binding, stop });
    return Payload.of<JsonObject>({ resultType: 'input_required', inputRequests: held.inputRequests, requestState });
  }
}

const closed = (): McpError => new McpError('unavailable', 'The connection was closed.');

async function* only(message: Message): AsyncGenerator<Message> {
  yield message;
}

/** What a state is good for: this principal, this function, these arguments. */
function bindingOf({ principal, method, target, params }: Call): Promise<string> {
  const who = principal && [principal.issuer ?? null, principal.subject];
  return digestOf([who, method, target, params.value.arguments ?? null]);
}
