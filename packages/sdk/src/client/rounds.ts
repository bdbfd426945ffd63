/* eslint-disable @typescript-eslint/no-deprecated -- sampling and roots are deprecated by the specification, and answered until it drops them */
import type {
  CreateMessageRequestParamsSchema,
  CreateMessageResultSchema,
  ElicitRequestParamsSchema,
  RootSchema,
} from '@modelcontextprotocol/core';
import type { input, output } from 'zod';
import type { ServerRequestHandler } from '../connect/link.ts';
import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler, Middleware } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';

/** What a server asks the user: a form, or a page to go to. */
export type ElicitRequest = output<typeof ElicitRequestParamsSchema>;

/** What a user is shown: a form, or a page to go to. */
export type ElicitMode = 'form' | 'url';

/** What the user answered; for a page, `accept` has no content. */
export type ElicitAnswer =
  | { readonly action: 'accept'; readonly content?: Readonly<Record<string, string | number | boolean | string[]>> }
  | { readonly action: 'decline' | 'cancel' };

/** Asks the user. @param signal - aborts when nobody waits for the answer any more */
export type OnElicit = (request: ElicitRequest, signal: AbortSignal) => ElicitAnswer | Promise<ElicitAnswer>;

/** Asks a model. @param signal - aborts when nobody waits for the answer any more */
export type OnSample = (
  request: output<typeof CreateMessageRequestParamsSchema>,
  signal: AbortSignal,
) => input<typeof CreateMessageResultSchema> | Promise<input<typeof CreateMessageResultSchema>>;

/** A folder or file that servers may know of. */
export type ClientRoot = input<typeof RootSchema>;

/** Who answers what servers ask. */
export interface Answerers {
  readonly elicit?: OnElicit | undefined;
  /** What `elicit` can show. @defaultValue both */
  readonly modes?: readonly ElicitMode[] | undefined;
  readonly sample?: OnSample | undefined;
  readonly roots?: (() => readonly ClientRoot[] | Promise<readonly ClientRoot[]>) | undefined;
}

/** A server that asks more often in one call than this is given up. */
export const MAX_ROUNDS = 32;

/** Characters of a question that are shown in an error. */
const MAX_SHOWN = 200;

/** Answers what a server asks during a call, and calls again, until there is a result. */
export const answerQuestions =
  (answerers: Answerers): Middleware =>
  (next) =>
  async (call) => {
    let reply = await next(call);
    for (let round = 1; reply.single && reply.peek() === 'input_required'; round++)
      reply = await next(await retryOf(call, await reply.result(), { answerers, round }));
    if (reply.single) return reply;
    const rounds = new StreamedRounds(call, reply, { answerers, next });
    return streamReply(rounds.messages(), (reason) => {
      rounds.cancel(reason);
    });
  };

interface StreamedOptions {
  readonly answerers: Answerers;
  readonly next: Handler;
}

/** The rounds of a call whose server tells of something on the way: its messages, one round after the other. */
class StreamedRounds {
  readonly #call: Call;
  readonly #options: StreamedOptions;
  #reply: Reply;

  constructor(call: Call, reply: Reply, options: StreamedOptions) {
    this.#call = call;
    this.#reply = reply;
    this.#options = options;
  }

  cancel(reason: unknown): void {
    this.#reply.cancel(reason);
  }

  async *messages(): AsyncGenerator<Message> {
    for (let round = 1; ; round++) {
      let asked: JsonObject | undefined;
      for await (const message of this.#reply.messages()) {
        if (message.kind === 'result' && message.result.value.resultType === 'input_required')
          asked = message.result.value;
        else yield message;
      }
      if (!asked) return;
      const { answerers, next } = this.#options;
      this.#reply = await next(await retryOf(this.#call, asked, { answerers, round }));
    }
  }
}

interface RoundOptions {
  readonly answerers: Answerers;
  readonly round: number;
}

async function retryOf(call: Call, asked: JsonObject, { answerers, round }: RoundOptions): Promise<Call> {
  const requests = isJsonObject(asked.inputRequests) ? asked.inputRequests : undefined;
  if (round > MAX_ROUNDS) throw tooManyRounds(requests);
  const answers = requests && (await answerAll(requests, answerers, call.signal));
  call.signal.throwIfAborted();
  const { requestState: _old, inputResponses: _given, ...params } = call.params.value;
  const state = asked.requestState === undefined ? {} : { requestState: asked.requestState };
  const inputResponses = answers ? { inputResponses: answers } : {};
  return { ...call, round, params: Payload.of<JsonObject>({ ...params, ...inputResponses, ...state }) };
}

/** The end of a call whose server never has enough. */
export const tooManyRounds = (asked: JsonObject = {}): McpError =>
  new McpError(
    'unavailable',
    `The server asked in more than ${MAX_ROUNDS} rounds, at last ${JSON.stringify(asked).slice(0, MAX_SHOWN)}.`,
  );

/** Answers the questions of one round, all at once. */
export async function answerAll(requests: JsonObject, answerers: Answerers, signal: AbortSignal): Promise<JsonObject> {
  const answers = await Promise.all(
    Object.entries(requests).map(async ([key, request]) => [key, await answerTo(request, answerers, signal)] as const),
  );
  return Object.fromEntries(answers);
}

/**
 * Answers what a legacy server asks.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation for the codes of what is not declared
 */
export const answerLegacy =
  (answerers: Answerers): ServerRequestHandler =>
  async ({ method, params, signal, call }) => {
    const until = call ? AbortSignal.any([signal, call.signal]) : signal;
    try {
      // What a server takes is its business.
      return (await answerTo({ method, params }, answerers, until)) as JsonObject;
    } catch (thrown) {
      const { code, message } = McpError.from(thrown);
      if (code !== 'missing_client_capability') throw thrown;
      const isMode = method === 'elicitation/create' && answerers.elicit !== undefined;
      throw new McpError(isMode ? 'invalid_params' : 'method_not_found', message);
    }
  };

async function answerTo(request: unknown, answerers: Answerers, signal: AbortSignal): Promise<unknown> {
  const { method, params }: JsonObject = isJsonObject(request) ? request : {};
  const { elicit, sample, roots } = answerers;
  const mode = isJsonObject(params) && params.mode === 'url' ? 'url' : 'form';
  // The server's own words: whoever answers looks at them.
  if (method === 'elicitation/create' && elicit && answerers.modes?.includes(mode) !== false)
    return withDefaults(params, checked(await elicit(params as ElicitRequest, signal)));
  if (method === 'sampling/createMessage' && sample) return sample(params as Parameters<OnSample>[0], signal);
  if (method === 'roots/list' && roots) return { roots: await roots() };
  throw new McpError(
    'missing_client_capability',
    `The server asked by ${String(method).slice(0, 80)}, which this client has not declared: see onElicit, onSample and roots.`,
  );
}

/** What a handler that is not typed may give back. @throws McpError `invalid_options` if it is no answer */
function checked(answer: ElicitAnswer | undefined): ElicitAnswer {
  if (answer && ACTIONS.has(answer.action)) return answer;
  const got = answer === undefined ? 'undefined' : JSON.stringify(answer).slice(0, MAX_SHOWN);
  throw new McpError('invalid_options', `onElicit answered ${got}; allowed as action: ${[...ACTIONS].join(', ')}.`);
}

const ACTIONS: ReadonlySet<string> = new Set(['accept', 'decline', 'cancel']);

/** Fills in the defaults of a form's schema for what the user left out (SEP-1034). */
function withDefaults(params: unknown, answer: ElicitAnswer): JsonObject {
  if (answer.action !== 'accept' || !isJsonObject(params) || !isJsonObject(params.requestedSchema))
    return { ...answer };
  const { properties } = params.requestedSchema;
  const defaults = Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, property]) =>
    isJsonObject(property) && 'default' in property ? [[name, property.default] as const] : [],
  );
  return { ...answer, content: { ...Object.fromEntries(defaults), ...answer.content } };
}

/** What servers are told that this client can be asked. */
export const capabilitiesOf = ({ elicit, modes = ['form', 'url'], sample, roots }: Answerers): JsonObject => ({
  ...(elicit ? { elicitation: Object.fromEntries(modes.map((mode) => [mode, {}])) } : {}),
  ...(sample ? { sampling: { tools: {} } } : {}),
  ...(roots ? { roots: {} } : {}),
});
