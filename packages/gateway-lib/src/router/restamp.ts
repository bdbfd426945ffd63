import { resultReply, streamReply, type JsonObject, type Message, type Payload, type Reply } from '@org/mcp-sdk';
import { peekResult } from '@org/mcp-sdk/wire';
import type { RoutedCall } from '../core/routed-call.ts';
import type { Endpoint } from '../core/upstream.ts';

/** The call that a reply answers, and who answers it. */
export interface ReplyOrigin {
  readonly call: RoutedCall;
  readonly endpoint: Endpoint;
}

type Result = Payload<JsonObject>;

/** Puts what only this gateway can read in place of what only an endpoint knows. The same payload if nothing is. */
export type RestampResult = (result: Result) => Result | Promise<Result>;

/** What is to be done with the results of a call; undefined if nothing. */
export type RestampOf = (origin: ReplyOrigin) => RestampResult | undefined;

/** Changes a reply on its way back. */
export type Restamp = (reply: Reply, origin: ReplyOrigin) => Reply | Promise<Reply>;

/** Makes one of several. */
export const createRestamp =
  (parts: readonly RestampOf[]): Restamp =>
  (reply, origin) => {
    const { single } = reply;
    if (single?.kind === 'error') return reply;
    const all = parts.map((part) => part(origin)).filter((part) => part !== undefined);
    if (all.length === 0) return reply;
    if (!single) return streamReply(restampAll(reply, all), reply.cancel.bind(reply));
    const result = restampWith(all, single.result);
    if (result === single.result) return reply;
    return result instanceof Promise ? result.then(replyOf) : replyOf(result);
  };

/** Waits for nothing unless one of them does: most results stay as they are. */
function restampWith(all: readonly RestampResult[], result: Result): Result | Promise<Result> {
  return all.reduce<Result | Promise<Result>>(
    (given, restamp) => (given instanceof Promise ? given.then(restamp) : restamp(given)),
    result,
  );
}

const replyOf = (result: Result): Reply => resultReply(result, peekResult);

async function* restampAll(reply: Reply, all: readonly RestampResult[]): AsyncGenerator<Message> {
  for await (const message of reply.messages())
    if (message.kind === 'result') yield { kind: 'result', result: await restampWith(all, message.result) };
    else yield message;
}
