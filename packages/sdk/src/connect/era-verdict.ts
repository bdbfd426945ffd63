import type { Clock } from '../core/clock.ts';
import type { Era } from '../core/protocol.ts';

/** How long a verdict holds: a server that has learned the modern era is then spoken to in it. Unit: ms. */
const HOLDS_MS = 10 * 60_000;

/**
 * The era that a server was found to speak, for whoever reaches it again: it saves the probe, which some legacy servers
 * do not survive.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export class EraVerdict {
  readonly #clock: Clock;
  #era: Era | undefined;
  #isSse = false;
  #expiresAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known; undefined once that is 10 minutes old. */
  get era(): Era | undefined {
    return this.#clock.now() < this.#expiresAt ? this.#era : undefined;
  }

  /** Whether it speaks HTTP+SSE, the transport of 2024-11-05, and was found to take nothing newer. */
  get isSse(): boolean {
    return this.era === 'legacy' && this.#isSse;
  }

  /** The server has shown its era: it was asked, and answered. */
  found(era: Era, { isSse = false }: { isSse?: boolean } = {}): void {
    this.#era = era;
    this.#isSse = isSse;
    this.#expiresAt = this.#clock.now() + HOLDS_MS;
  }

  /** What was known is in doubt: the server is asked the next time. */
  forget(): void {
    this.#era = undefined;
  }
}
