import { McpError } from '../core/errors.ts';

/** Collects what is wrong, so that all of it is told at once. */
export class Faults {
  readonly #messages: string[] = [];

  add(message: string): void {
    this.#messages.push(message);
  }

  /** Does what may find a fault; undefined if it did. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      const { message, cause } = McpError.from(thrown);
      // Whoever builds a server is no caller: it may read the text of a foreign error.
      this.add(cause instanceof Error ? cause.message : message);
      return undefined;
    }
  }

  /** @throws McpError `invalid_options` naming every fault, one per line, if there are any */
  throwIfAny(): void {
    if (this.#messages.length > 0) throw new McpError('invalid_options', this.#messages.join('\n'));
  }
}

/** Lets a quantity pass that is not given or in range. @throws McpError `invalid_options` naming the path, the value and what is allowed */
export function checkInteger(path: string, value: number | undefined, min: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return;
  throw new McpError('invalid_options', `${path} is ${String(value)}; allowed: an integer from ${min}.`);
}

/** Lets a cache scope pass that there is. @throws McpError `invalid_options` like {@link checkInteger} */
export function checkCacheScope(path: string, value: unknown): void {
  if (value === undefined || value === 'public' || value === 'private') return;
  throw new McpError('invalid_options', `${path} is ${JSON.stringify(value)}; allowed: "public", "private".`);
}
