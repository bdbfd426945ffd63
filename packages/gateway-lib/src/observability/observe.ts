import type { Call, Clock, Middleware, Outcome, Telemetry } from '@org/mcp-sdk';
import { McpError } from '@org/mcp-sdk';

/** Outermost stage: tells how each call ended and how long it took. */
export const createObserve =
  (telemetry: Telemetry, clock: Clock): Middleware =>
  (next) =>
  async (call) => {
    const start = clock.now();
    const tell = (outcome: Outcome, code?: string): void => {
      const ms = Math.round((clock.now() - start) * 1000) / 1000;
      telemetry.record({
        name: 'call',
        severity: 'debug',
        fields: { ...describe(call), outcome, ms, ...(code ? { code } : {}) },
      });
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

const describe = ({ method, target, era, principal }: Call): Record<string, unknown> => ({
  method,
  era,
  ...(target === undefined ? {} : { target }),
  ...(principal ? { subject: principal.subject } : {}),
});
