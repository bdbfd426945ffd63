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
      reportFailure(call.method, call.target, { thrown, telemetry });
      throw thrown;
    }
  };

/** Tells of what one call failed with, if that is the handler's fault. */
export function reportFailure(
  method: string,
  target: string | undefined,
  { thrown, telemetry }: { readonly thrown: unknown; readonly telemetry: Telemetry },
): void {
  const cause = causeOf(thrown);
  if (!cause) return;
  telemetry.record({
    name: 'call.failed',
    severity: 'error',
    fields: { method, ...targetOf(method, target), ...cause },
  });
}

/** A URI is left out: callers put credentials into some. */
const targetOf = (method: string, target: string | undefined): JsonObject =>
  target === undefined || (method !== 'tools/call' && method !== 'prompts/get') ? {} : { target };

function causeOf(thrown: unknown): JsonObject | undefined {
  // A server's own words are an answer.
  if (thrown instanceof RemoteError) return undefined;
  const { code, cause } = McpError.from(thrown);
  if (code !== 'internal' || cause === undefined) return undefined;
  if (cause instanceof Error) return { message: cause.message, stack: cause.stack };
  return { message: `thrown: ${typeof cause === 'string' ? cause : typeof cause}` };
}
