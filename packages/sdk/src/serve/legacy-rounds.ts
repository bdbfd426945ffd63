import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { FinalMessage, NotificationMessage, Reply } from '../core/reply.ts';
import { peekResult } from '../wire/result.ts';
import type { LegacyMessage, LegacyQuestions } from './legacy-questions.ts';

/** How often one call may ask; a server that never has enough ends here. As often as our client answers a modern one. */
const MAX_ROUNDS = 32;

const PROGRESS = 'notifications/progress';

/** What leads one call of a legacy caller through its rounds. */
export interface Rounds {
  readonly handler: Handler;
  readonly questions: LegacyQuestions;
  /** The call of the first round. */
  readonly call: Call;
}

/**
 * Leads a call through its rounds: what its replies ask for goes to the caller, and the handler is called again with
 * the answers.
 *
 * @param first - the reply of the first round
 * @returns ends with a final message that does not ask
 */
export async function* legacyRounds(first: Reply, { handler, questions, call }: Rounds): AsyncGenerator<LegacyMessage> {
  let reply = first;
  const progress = new ProgressGate();
  for (let round = 1; ; round++) {
    const final = yield* passOn(reply, progress);
    if (final?.kind !== 'result' || peekResult(final.result) !== 'input_required') {
      if (final) yield final;
      return;
    }
    if (round > MAX_ROUNDS) throw new McpError('unavailable', `The server asked in more than ${MAX_ROUNDS} rounds.`);
    const { inputRequests, requestState } = final.result.value;
    const answers = yield* questions.ask(isJsonObject(inputRequests) ? inputRequests : {}, call.signal);
    progress.nextRound();
    reply = await handler({ ...call, round, params: withAnswers(call.params, { answers, requestState }) });
  }
}

function withAnswers(
  params: Payload<JsonObject>,
  { answers, requestState }: { answers: JsonObject; requestState: unknown },
): Payload<JsonObject> {
  return Payload.of<JsonObject>({
    ...params.value,
    inputResponses: answers,
    ...(requestState === undefined ? {} : { requestState }),
  });
}

async function* passOn(
  reply: Reply,
  progress: ProgressGate,
): AsyncGenerator<NotificationMessage, FinalMessage | undefined> {
  for await (const message of reply.messages()) {
    if (message.kind !== 'notification') return message;
    if (progress.lets(message)) yield message;
  }
  return undefined;
}

/** Progress must grow over the whole of a call, but a server counts anew in each round. */
class ProgressGate {
  #newest: Payload<JsonObject> | undefined;
  #isFirstRound = true;

  nextRound(): void {
    this.#isFirstRound = false;
  }

  lets({ method, params }: NotificationMessage): boolean {
    if (method !== PROGRESS) return true;
    // Nothing is parsed for the many calls that have one round only.
    if (!this.#isFirstRound && this.#newest && !(Number(params.value.progress) > Number(this.#newest.value.progress)))
      return false;
    this.#newest = params;
    return true;
  }
}
