import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';

/**
 * Hands on a notification. One that nobody takes is dropped, as JSON-RPC has it.
 * @throws McpError if whoever takes it could not be told
 */
export async function handOn(handler: Handler, notification: Call): Promise<void> {
  try {
    (await handler(notification)).cancel();
  } catch (thrown) {
    if (McpError.from(thrown).code !== 'method_not_found') throw thrown;
  }
}
