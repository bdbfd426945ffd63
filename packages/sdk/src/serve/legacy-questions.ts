import type { RequestId } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Random } from '../core/random.ts';
import type { Message, Reply } from '../core/reply.ts';
import { toBase64Url } from '../wire/base64.ts';
import { encodeNotification, encodeRequest, encodeResponse, type WireJson } from '../wire/encode.ts';
import type { RequestFrame, ResponseFrame } from '../wire/message.ts';

/** A request to the client: what a legacy caller is asked by. */
export interface QuestionMessage {
  readonly kind: 'question';
  readonly id: RequestId;
  readonly method: string;
  readonly params: Payload<JsonObject>;
}

/** Says that a question needs no answer any more. It is told even to a caller that has cancelled its call. */
export interface WithdrawalMessage {
  readonly kind: 'withdrawal';
  readonly id: RequestId;
}

/** What goes to a legacy caller while its call runs. */
export type LegacyMessage = Message | QuestionMessage | WithdrawalMessage;

/** A reply as a legacy caller gets it: questions to the caller may come before its end. */
export interface LegacyAnswer extends Pick<Reply, 'status' | 'single' | 'headers'> {
  messages(): AsyncIterable<LegacyMessage>;
}

/** Writes what goes to a legacy caller. */
export function encodeLegacy(frame: Pick<RequestFrame, 'id'>, message: LegacyMessage): WireJson {
  switch (message.kind) {
    case 'question':
      return encodeRequest(message.id, message.method, message.params);
    case 'withdrawal':
      return encodeNotification('notifications/cancelled', Payload.of({ requestId: message.id }));
    case 'notification':
      return encodeNotification(message.method, message.params);
    default:
      return encodeResponse(frame.id, message);
  }
}

/** Questions that may be open in one session: each keeps a call. */
const MAX_OPEN = 100;

/** How long a person may think. Unit: ms. As long as a parked call is kept elsewhere. */
const ANSWER_TIMEOUT_MS = 10 * 60 * 1000;

/** What the questions of a session are made with. */
export interface QuestionTools {
  readonly clock: Clock;
  readonly random: Random;
}

interface OpenQuestion {
  answered(frame: ResponseFrame): void;
  failed(reason: unknown): void;
}

/** The questions to one legacy client that wait for its answer. */
export class LegacyQuestions {
  readonly #capabilities: JsonObject;
  readonly #tools: QuestionTools;
  readonly #open = new Map<RequestId, OpenQuestion>();
  readonly #prefix: string | undefined;
  #lastId = 0;

  /** @param isResumed - whether the client may be asked by another replica as well: ids must differ from that one's */
  constructor(capabilities: JsonObject, tools: QuestionTools, isResumed: boolean) {
    this.#capabilities = capabilities;
    this.#tools = tools;
    this.#prefix = isResumed ? toBase64Url(tools.random.bytes(9)) : undefined;
  }

  /** Takes a response of the client. @returns whether a question waited for it */
  take(frame: ResponseFrame): boolean {
    const question = frame.id === null ? undefined : this.#open.get(frame.id);
    question?.answered(frame);
    return question !== undefined;
  }

  /**
   * Asks all of `requests` at once and waits for the answers.
   * @returns the answers by the keys of their requests
   * @throws McpError `missing_client_capability` if the client did not offer to answer, `timeout`, `overloaded`,
   * `unavailable` if it answered with an error; the signal's reason if the call has ended
   */
  async *ask(
    requests: JsonObject,
    signal: AbortSignal,
  ): AsyncGenerator<QuestionMessage | WithdrawalMessage, Record<string, JsonObject>> {
    const asked = Object.entries(requests).map(([key, request]) => [key, this.#question(request)] as const);
    if (this.#open.size + asked.length > MAX_OPEN)
      throw new McpError('overloaded', `More than ${MAX_OPEN} questions wait for this client.`);
    const answers = this.#await(asked, signal);
    // Whatever goes wrong before the answers are awaited is told where they are.
    answers.catch(() => undefined);
    try {
      for (const [, question] of asked) yield question;
      return await answers;
    } catch (thrown) {
      for (const [, { id }] of asked) if (this.#open.has(id)) yield { kind: 'withdrawal', id };
      throw thrown;
    } finally {
      for (const [, { id }] of asked) this.#drop(id);
    }
  }

  /** Ends what waits for an answer that nobody wants, its timer included. */
  #drop(id: RequestId): void {
    this.#open.get(id)?.failed(new McpError('cancelled', 'The call has ended.'));
    this.#open.delete(id);
  }

  async #await(
    asked: readonly (readonly [string, QuestionMessage])[],
    signal: AbortSignal,
  ): Promise<Record<string, JsonObject>> {
    const waiting = asked.map(async ([key, { id, method }]): Promise<[string, JsonObject]> => {
      const frame = await new Promise<ResponseFrame>((answered, failed) => {
        this.#open.set(id, { answered, failed });
      });
      this.#open.delete(id);
      return [key, resultOf(frame, method)];
    });
    const fail = (reason: unknown): void => {
      for (const [, { id }] of asked) this.#open.get(id)?.failed(reason);
    };
    const aborted = (): void => {
      fail(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    const cancelTimer = this.#tools.clock.after(ANSWER_TIMEOUT_MS, () => {
      fail(new McpError('timeout', `The client did not answer within ${ANSWER_TIMEOUT_MS} ms.`));
    });
    if (signal.aborted) aborted();
    try {
      return Object.fromEntries(await Promise.all(waiting));
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', aborted);
    }
  }

  #question(request: unknown): QuestionMessage {
    if (!isJsonObject(request) || typeof request.method !== 'string')
      throw new McpError('internal', 'The server asked for input in a way that is not understood.');
    const params = isJsonObject(request.params) ? request.params : {};
    if (!canAnswer(this.#capabilities, request.method, params)) throw notAskable(request.method);
    return {
      kind: 'question',
      id: this.#newId(),
      method: request.method,
      params: Payload.of(this.#legacyParams(params)),
    };
  }

  #newId(): RequestId {
    const id = ++this.#lastId;
    return this.#prefix === undefined ? id : `${this.#prefix}-${id}`;
  }

  /** URL elicitation of the legacy era has an id, by which its end is told. */
  #legacyParams(params: JsonObject): JsonObject {
    if (params.mode !== 'url' || params.elicitationId !== undefined) return params;
    return { ...params, elicitationId: toBase64Url(this.#tools.random.bytes(16)) };
  }
}

function resultOf({ result, error }: ResponseFrame, method: string): JsonObject {
  if (result) return result.value;
  const code = isJsonObject(error?.value) ? error.value.code : 0;
  throw new McpError('unavailable', `The client answered ${method} with the error ${code}.`);
}

function canAnswer(capabilities: JsonObject, method: string, params: JsonObject): boolean {
  const { elicitation, sampling, roots } = capabilities;
  switch (method) {
    case 'elicitation/create':
      return isJsonObject(elicitation) && canElicit(elicitation, params.mode);
    case 'sampling/createMessage':
      return isJsonObject(sampling) && (params.tools === undefined || isJsonObject(sampling.tools));
    case 'roots/list':
      return isJsonObject(roots);
    default:
      return false;
  }
}

/** A client that names no mode knows forms: that is what elicitation was before there were modes. */
function canElicit({ form, url }: JsonObject, mode: unknown): boolean {
  return mode === 'url' ? isJsonObject(url) : isJsonObject(form) || url === undefined;
}

const notAskable = (method: string): McpError =>
  new McpError(
    'missing_client_capability',
    `The server asked for input by ${method.slice(0, 40)}, which this caller did not offer to give.`,
  );
