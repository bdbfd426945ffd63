import type { Call } from '../core/call.ts';
import { LOG_LEVELS, type LogLevel } from '../core/protocol.ts';
import { wantedLevel } from '../wire/exchange.ts';
import { untilAborted } from './until-aborted.ts';

/** The log level of a legacy session that calls of several callers share: the most verbose that any of them wants. */
export class SessionLevel {
  readonly #tell: (level: LogLevel) => Promise<void>;
  /** How many running calls want each level. */
  readonly #wanted = new Map<LogLevel, number>();
  #told: LogLevel | undefined;
  #telling: Promise<void> = Promise.resolve();

  /** @param tell - tells the server */
  constructor(tell: (level: LogLevel) => Promise<void>) {
    this.#tell = tell;
  }

  /** Another session knows nothing of the level of the one before. */
  reset(): void {
    this.#told = undefined;
  }

  /**
   * Counts a call in; resolves when the server knows what it wants, with what counts it out.
   * @throws McpError `cancelled` if the call is aborted before
   */
  async enter(call: Call): Promise<() => void> {
    const level = this.#levelOf(call);
    if (level === undefined) return () => undefined;
    this.#count(level, 1);
    const leave = (): void => {
      this.#count(level, -1);
    };
    try {
      await untilAborted(this.#agree(), call.signal);
    } catch (thrown) {
      leave();
      throw thrown;
    }
    return leave;
  }

  /** Who named no level is content with what the server tells of its own accord, unless another one has changed that. */
  #levelOf(call: Call): LogLevel | undefined {
    return call.logLevel ?? (this.#told === undefined ? undefined : wantedLevel(call));
  }

  #count(level: LogLevel, by: number): void {
    this.#wanted.set(level, (this.#wanted.get(level) ?? 0) + by);
  }

  #agree(): Promise<void> {
    const level = LOG_LEVELS.find((each) => (this.#wanted.get(each) ?? 0) > 0);
    if (level !== undefined && level !== this.#told) {
      this.#told = level;
      // A server that cannot be told will not answer the call either, and that says why.
      this.#telling = this.#telling.then(() => this.#tell(level)).catch(() => undefined);
    }
    return this.#telling;
  }
}
