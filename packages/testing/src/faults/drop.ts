import { McpError, streamReply, type Message, type Reply } from '@org/mcp-sdk';
import { always, createFault, type Fault } from './fault.ts';

/** When a reply is lost. */
export interface DropOptions {
  /** How many notifications still arrive before the loss. @defaultValue 0: the reply is lost as a whole */
  afterNotifications?: number;
}

/**
 * Passes every call on and loses its result, as a connection does that breaks: the caller gets `unavailable` although
 * the server has done the work. It shows what is tried again and must not be.
 *
 * @throws McpError `invalid_options` if `afterNotifications` is no integer from 0
 */
export function drop({ afterNotifications = 0 }: DropOptions = {}): Fault {
  if (!Number.isSafeInteger(afterNotifications) || afterNotifications < 0)
    throw new McpError('invalid_options', `afterNotifications is ${afterNotifications}; allowed: an integer from 0.`);
  return createFault(always, async (call, next) => {
    const reply = await next(call);
    if (afterNotifications > 0) {
      return streamReply(breaking(reply, afterNotifications), (reason) => {
        reply.cancel(reason);
      });
    }
    reply.cancel('dropped');
    throw lost();
  });
}

async function* breaking(reply: Reply, afterNotifications: number): AsyncIterable<Message> {
  let left = afterNotifications;
  for await (const message of reply.messages()) {
    if (left === 0 || message.kind !== 'notification') throw lost();
    left -= 1;
    yield message;
  }
}

const lost = (): McpError => new McpError('unavailable', 'Injected fault: the connection was lost.');
