import type { FinalMessage, Message, NotificationMessage } from '../core/reply.ts';
import { PushQueue } from './queue.ts';

/** What may wait in one call for a reader that is slower than its sender. Unit: bytes or characters of JSON. */
export const MAX_WAITING_SIZE = 16 * 1024 * 1024;

/** What a message takes besides its JSON. */
const MESSAGE_SIZE = 256;

/** The messages of one call on their way to its reader: a bounded number of notifications, then the final one. */
export class MessageQueue implements AsyncIterable<Message> {
  readonly #messages = new PushQueue<Message>(sizeOf);

  /** Takes a notification. @returns false if too much waits already: it is dropped */
  offer(notification: NotificationMessage): boolean {
    if (this.#messages.size >= MAX_WAITING_SIZE) return false;
    this.#messages.push(notification);
    return true;
  }

  /** Takes the final message, for which there is always room. */
  finish(message: FinalMessage): void {
    this.#messages.push(message);
    this.#messages.end();
  }

  /** Ends without a final message: the reader gets `reason` as an error. */
  fail(reason: unknown): void {
    this.#messages.end(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.#messages[Symbol.asyncIterator]();
  }
}

const sizeOf = (message: Message): number =>
  message.kind === 'notification' ? MESSAGE_SIZE + message.params.json.length : 0;
