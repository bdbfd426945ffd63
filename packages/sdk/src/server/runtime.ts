import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Seal } from '../core/seal.ts';
import type { Store } from '../core/store.ts';
import type { Telemetry } from '../core/telemetry.ts';

/** What the functions of a server run with: made once by `build()`. */
export interface ServerRuntime {
  /** Of the server: what it seals is not good for another one. */
  readonly name: string;
  /** What `provide()` was given. */
  readonly services: object;
  /** Seals what callers hold for the server between two rounds. */
  readonly seal: Seal;
  /** Undefined when none was configured: then nothing outlives a call. */
  readonly store: Store | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  /** How long a function may run when it does not say. Unit: ms; undefined for no limit. */
  readonly timeoutMs: number | undefined;
}
