import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { RemoteError } from '../core/reply.ts';
import type { Telemetry } from '../core/telemetry.ts';

/** Tells of what a handler fails with of itself: callers only learn that it did. */
export const reportFailures =
  (handler: Handler, telemetry: Telemetry): Handler =>
  async (call) => {
    try {
      return await handler(call);
    } catch (thrown) {
      const cause = causeOf(thrown);
      if (cause)
        telemetry.record({
          name: 'call.failed',
          severity: 'error',
          fields: { method: call.method, ...targetOf(call), ...cause },
        });
      throw thrown;
    }
  };

/** A URI is left out: callers put credentials into some. */
const targetOf = ({ method, target }: Call): JsonObject =>
  target === undefined || (method !== 'tools/call' && method !== 'prompts/get') ? {} : { target };

function causeOf(thrown: unknown): JsonObject | undefined {
  // A server's own words are an answer.
  if (thrown instanceof RemoteError) return undefined;
  const { code, cause } = McpError.from(thrown);
  if (code !== 'internal' || cause === undefined) return undefined;
  if (cause instanceof Error) return { message: cause.message, stack: cause.stack };
  return { message: `thrown: ${typeof cause === 'string' ? cause : typeof cause}` };
}
