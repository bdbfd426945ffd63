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

/**
 * Puts what only this gateway can read in place of what only an endpoint knows. The same payload if nothing is: that of
 * most calls is, so each looks at what the scanner knows of the result first.
 */
export type RestampResult = (result: Result, origin: ReplyOrigin) => Result | Promise<Result>;

/** Changes a reply on its way back. */
export type Restamp = (reply: Reply, origin: ReplyOrigin) => Reply | Promise<Reply>;

/** Makes one of several. */
export const createRestamp =
  (parts: readonly RestampResult[]): Restamp =>
  (reply, origin) => {
    const { single } = reply;
    if (!single) return streamReply(restampAll(reply, parts, origin), reply.cancel.bind(reply));
    if (single.kind === 'error') return reply;
    const result = restampWith(parts, single.result, origin);
    if (result === single.result) return reply;
    return result instanceof Promise ? result.then(replyOf) : replyOf(result);
  };

/** Waits for nothing unless one of them does: most results stay as they are. */
function restampWith(parts: readonly RestampResult[], result: Result, origin: ReplyOrigin): Result | Promise<Result> {
  let given: Result | Promise<Result> = result;
  for (const part of parts)
    given = given instanceof Promise ? given.then((changed: Result) => part(changed, origin)) : part(given, origin);
  return given;
}

const replyOf = (result: Result): Reply => resultReply(result, peekResult);

async function* restampAll(
  reply: Reply,
  parts: readonly RestampResult[],
  origin: ReplyOrigin,
): AsyncGenerator<Message> {
  for await (const message of reply.messages())
    if (message.kind === 'result') yield { kind: 'result', result: await restampWith(parts, message.result, origin) };
    else yield message;
}
