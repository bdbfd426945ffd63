import type { Telemetry } from '@org/mcp-sdk';
import type { Seal } from '@org/mcp-sdk/wire';

/** A seal under a generated secret: says once, when it first matters, that what it seals ends with the process. */
export function warnOfFirst(seal: Seal, telemetry: Telemetry): Seal {
  let isToldOf = false;
  return {
    seal(purpose, content) {
      if (!isToldOf)
        telemetry.record({
          name: 'secret.generated',
          severity: 'warn',
          fields: { purpose, remedy: 'Set the option "secret" to the same 32 bytes or more in each replica.' },
        });
      isToldOf = true;
      return seal.seal(purpose, content);
    },
    open: (purpose, token) => seal.open(purpose, token),
  };
}
