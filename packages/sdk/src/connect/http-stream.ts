import type { Call, RequestId } from '../core/call.ts';
import { systemClock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';
import { finalMessage, paramsFor, singleReply } from '../wire/exchange.ts';
import type { NotificationFrame, ResponseFrame } from '../wire/message.ts';

/** The messages of an event stream, one after the other. */
export type Frames = AsyncGenerator<NotificationFrame | ResponseFrame>;

/** What a reply is read from. */
export interface ReplyStream {
  readonly frames: Frames;
  /** Says that nobody wants the rest. */
  readonly cancel: () => void;
  readonly call: Call;
  /** The id of the request, and the progress token in it. */
  readonly id: RequestId;
  /** Names the server in messages. */
  readonly label: string;
}

/** How long a server may keep a stream open that has answered. Unit: ms. */
const END_MS = 1_000;

/** Makes the reply of a call from the event stream it was answered with. */
export async function replyFromStream(stream: ReplyStream): Promise<Reply> {
  const messages = toMessages(stream);
  const first = await messages.next();
  if (first.done) throw new McpError('unavailable', `${stream.label} ended the stream without an answer.`);
  if (first.value.kind !== 'notification') {
    // Many servers answer with one event: the stream is read to its end, so that its connection serves the next call.
    void messages.next();
    return singleReply(first.value);
  }
  return streamReply(prepend(first.value, messages), () => {
    stream.cancel();
  });
}

async function* toMessages(stream: ReplyStream): AsyncGenerator<Message> {
  const { frames, call, id, label } = stream;
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const frame = next.value;
    if (frame.kind === 'notification') {
      const params = paramsFor(call, frame, id);
      if (params) yield { kind: 'notification', method: frame.method, params };
    } else if (answers(frame, id)) {
      yield finalMessage(frame);
      void readToEnd(stream);
      return;
    }
  }
  throw new McpError('unavailable', `${label} cut the stream off.`);
}

/** Whether a response is to this request; an error whose sender could not read the id can be to no other. */
const answers = (frame: ResponseFrame, id: RequestId): boolean =>
  frame.id === id || (frame.id === null && frame.error !== undefined);

/** Nothing may follow the answer; what does is dropped. */
async function readToEnd({ frames, cancel }: ReplyStream): Promise<void> {
  const stopWaiting = systemClock.after(END_MS, () => {
    cancel();
  });
  try {
    while (!(await frames.next()).done);
  } catch {
    // The call has its answer: how the connection ends is no matter.
  } finally {
    stopWaiting();
  }
}

async function* prepend(first: Message, rest: AsyncGenerator<Message>): AsyncGenerator<Message> {
  yield first;
  yield* rest;
}
