import { McpError } from '../core/errors.ts';
import {
  errorReply,
  resultReply,
  remoteErrorReply,
  streamReply,
  type FinalMessage,
  type Message,
  type Reply,
} from '../core/reply.ts';

/** The end of a reply, for others that want it too. */
export interface SharedFinal {
  /** A reply that is the final message alone. */
  reply(): Promise<Reply>;
}

/** Gives a reply to one reader, and its final message to any number of others. */
export function shareFinal(source: Promise<Reply>): { readonly reply: Promise<Reply>; readonly final: SharedFinal } {
  let found: (message: FinalMessage) => void = () => undefined;
  let failed: (reason: unknown) => void = () => undefined;
  const final = new Promise<FinalMessage>((resolve, reject) => {
    found = resolve;
    failed = reject;
  });
  // Mostly nobody else asks.
  final.catch(() => undefined);
  const watch = (given: Reply): Reply => {
    if (given.single) found(given.single);
    return given.single ? given : streamReply(watched(given, { found, failed }), given.cancel.bind(given));
  };
  const reply = source.then(watch);
  reply.catch(failed);
  return { reply, final: { reply: () => final.then(replyOf, errorReply) } };
}

async function* watched(
  reply: Reply,
  { found, failed }: { found: (message: FinalMessage) => void; failed: (reason: unknown) => void },
): AsyncGenerator<Message> {
  try {
    for await (const message of reply.messages()) {
      if (message.kind !== 'notification') found(message);
      yield message;
    }
  } finally {
    failed(new McpError('cancelled', 'The call was cancelled.'));
  }
}

const replyOf = (message: FinalMessage): Reply =>
  message.kind === 'result' ? resultReply(message.result) : remoteErrorReply(message.error);
