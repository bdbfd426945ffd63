import type { Call } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';

/** The first message of a subscription. @param notifications - what of the filter is honoured */
export const acknowledged = (notifications: JsonObject): Message => ({
  kind: 'notification',
  method: 'notifications/subscriptions/acknowledged',
  params: Payload.of<JsonObject>({ notifications }),
});

/** The last message of a subscription that the server ends of its own accord. */
export const ENDED: Message = { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };

/**
 * Answers `subscriptions/listen` for a server whose lists do not change while it runs: nothing of the filter is
 * honoured, and the stream stays open until the caller ends it or `closing` aborts.
 */
export function listenToNothing(call: Call, closing: AbortSignal): Reply {
  const queue = new PushQueue<Message>();
  queue.push(acknowledged({}));
  const end = (): void => {
    queue.push(ENDED);
    queue.end();
  };
  // A signal that is aborted already tells nobody.
  if (call.signal.aborted || closing.aborted) end();
  call.signal.addEventListener('abort', end, { once: true });
  closing.addEventListener('abort', end, { once: true });
  const reply = streamReply(queue, end);
  void reply.done.then(() => {
    closing.removeEventListener('abort', end);
  });
  return reply;
}
