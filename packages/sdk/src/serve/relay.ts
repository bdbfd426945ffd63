import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import type { ErrorMessage } from '../core/reply.ts';

/**
 * Gives each message to `write`, in order.
 *
 * @remarks A value that no JSON can hold (a BigInt, a cycle) is found only now; it becomes the final error, for the
 * caller waits for an answer and nobody would handle the rejection.
 */
export async function relay<M>(
  messages: AsyncIterable<M>,
  write: (message: M | ErrorMessage) => Promise<void> | undefined,
): Promise<void> {
  try {
    for await (const message of messages) await write(message);
  } catch (thrown) {
    await write(errorMessage(thrown));
  }
}

/** The same for a reply that may be one message, which needs no iteration then. */
export function relayAnswer<M>(
  answer: { readonly single: M | undefined; messages(): AsyncIterable<M> },
  write: (message: M | ErrorMessage) => Promise<void> | undefined,
): Promise<void> | undefined {
  if (!answer.single) return relay(answer.messages(), write);
  try {
    return write(answer.single);
  } catch (thrown) {
    return write(errorMessage(thrown));
  }
}

const errorMessage = (thrown: unknown): ErrorMessage => ({
  kind: 'error',
  error: Payload.of(McpError.from(thrown).toRpc()),
});
