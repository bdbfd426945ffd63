import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { ServerRequest } from '../connect/link.ts';
import type { Random } from '../core/random.ts';
import { resultReply, streamReply, type Message, type Reply } from '../core/reply.ts';
import { toBase64Url } from '../wire/base64.ts';
import { digestOf } from './digest.ts';
import { ParkedCall } from './parked-call.ts';
import { questionOf, requireCapability } from './questions.ts';

/** How long a server may be kept waiting for an answer. Unit: ms. */
const TTL_MS = 10 * 60 * 1000;

/** What a server asks. */
type Asked = Pick<ServerRequest, 'method' | 'params' | 'call'>;

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
  readonly #running = new Set<ParkedCall>();
  readonly #parked = new Map<string, { readonly held: ParkedCall; readonly binding: string; stop: () => void }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Answers a call by `next`, in as many rounds as the server has questions for. */
  async answer(call: Call, next: Handler): Promise<Reply> {
    const { requestState } = call.params.value;
    const held = requestState === undefined ? new ParkedCall(next, call) : await this.#take(call, requestState);
    return this.#round(held, call);
  }

  /** Puts a question of the server to the caller of the call it belongs to; resolves with the answer. */
  async ask({ method, params, call }: Asked): Promise<JsonObject> {
    const held = [...this.#parked.values()].map((parked) => parked.held);
    if (call === null) throw new McpError('method_not_found', `${method}: the call that asks has ended.`);
    const all = [...this.#running, ...held].filter((one) =>
      call ? one.isSentAs(call) : one.call.method !== 'subscriptions/listen',
    );
    const [only] = all;
    if (!only || all.length > 1)
      throw new McpError('method_not_found', `${method}: it cannot be told which of ${all.length} calls asks.`);
    const question = questionOf(method, params);
    requireCapability(question, only.call);
    return only.ask(question);
  }

  /** Ends what is held: the server learns that nobody answers. */
  close(): void {
    for (const { held, stop } of this.#parked.values()) {
      stop();
      held.end(new McpError('unavailable', 'The bridge was closed.'));
    }
    this.#parked.clear();
  }

  async #take(call: Call, requestState: unknown): Promise<ParkedCall> {
    const parked = typeof requestState === 'string' ? this.#parked.get(requestState) : undefined;
    const { inputResponses } = call.params.value;
    // Looked at before it is taken: a retry that is refused does not use it up.
    if (!parked || parked.binding !== (await bindingOf(call)) || this.#parked.get(String(requestState)) !== parked)
      throw new McpError('invalid_params', 'params.requestState is not one of this call, or has expired.');
    parked.held.resume(call, isJsonObject(inputResponses) ? inputResponses : {});
    this.#parked.delete(String(requestState));
    parked.stop();
    return parked.held;
  }

  async #round(held: ParkedCall, call: Call): Promise<Reply> {
    this.#running.add(held);
    const abort = (): void => {
      held.end(McpError.from(call.signal.reason));
    };
    call.signal.addEventListener('abort', abort, { once: true });
    // A signal that is aborted already tells nobody: its state took a moment to look at.
    if (call.signal.aborted) abort();
    const over = (): void => {
      call.signal.removeEventListener('abort', abort);
      this.#running.delete(held);
    };
    try {
      const first = await held.step();
      if (first.kind === 'notification') return streamReply(this.#rest(held, first, over), abort);
      over();
      if (first.kind === 'error') return held.refused ?? streamReply(only(first), abort);
      return first.kind === 'asked' ? resultReply(await this.#park(held)) : resultReply(first.result);
    } catch (thrown) {
      over();
      throw thrown;
    }
  }

  async *#rest(held: ParkedCall, first: Message, over: () => void): AsyncGenerator<Message> {
    try {
      yield first;
      for (;;) {
        const step = await held.step();
        if (step.kind === 'asked') over();
        yield step.kind === 'asked' ? { kind: 'result', result: await this.#park(held) } : step;
        if (step.kind !== 'notification') return;
      }
    } finally {
      over();
    }
  }

  async #park(held: ParkedCall): Promise<Payload<JsonObject>> {
    const binding = await bindingOf(held.call);
    const requestState = toBase64Url(this.#random.bytes(16));
    const stop = this.#clock.after(TTL_MS, () => {
      this.#parked.delete(requestState);
      held.end(new McpError('timeout', 'Nobody answered in time.'));
    });
    this.#parked.set(requestState, { held, binding, stop });
    return Payload.of<JsonObject>({ resultType: 'input_required', inputRequests: held.inputRequests, requestState });
  }
}

async function* only(message: Message): AsyncGenerator<Message> {
  yield message;
}

/** What a state is good for: this principal, this function, these arguments. */
function bindingOf({ principal, method, target, params }: Call): Promise<string> {
  const who = principal && [principal.issuer ?? null, principal.subject];
  return digestOf([who, method, target, params.value.arguments ?? null]);
}
