import type { Call, Clock, Middleware, Outcome, Telemetry } from '@org/mcp-sdk';
import { McpError } from '@org/mcp-sdk';

/** Outermost stage: tells how each call ended and how long it took. */
export const createObserve =
  (telemetry: Telemetry, clock: Clock): Middleware =>
  (next) =>
  async (call) => {
    const start = clock.now();
    const tell = (outcome: Outcome, code?: string): void => {
      const fields = describe(call, { outcome, ms: clock.now() - start, code });
      telemetry.record({ name: 'call', severity: 'debug', fields });
    };
    try {
      const reply = await next(call);
      const kind = reply.peek();
      if (kind === 'stream') void reply.done.then(tell);
      else tell(kind);
      return reply;
    } catch (thrown) {
      const { code } = McpError.from(thrown);
      tell(code === 'cancelled' ? 'cancelled' : 'error', code);
      throw thrown;
    }
  };

/** Spreading parts that may be absent takes three times as long. */
function describe(
  { method, target, era, principal }: Call,
  { outcome, ms, code }: { readonly outcome: Outcome; readonly ms: number; readonly code: string | undefined },
): Record<string, unknown> {
  const fields: Record<string, unknown> = { method, era };
  if (target !== undefined) fields.target = target;
  if (principal) fields.subject = principal.subject;
  fields.outcome = outcome;
  fields.ms = Math.round(ms * 1000) / 1000;
  if (code !== undefined) fields.code = code;
  return fields;
}
