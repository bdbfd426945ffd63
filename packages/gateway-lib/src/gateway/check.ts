import { isJsonObject, McpError } from '@org/mcp-sdk';

/** Longest time that timers take; they fire at once for a longer one. Unit: ms, about 24.8 days. */
const MAX_MS = 2_147_483_647;

/** Collects what is wrong with options. */
export class Check {
  readonly faults: string[] = [];

  fault(path: string, value: unknown, allowed: string): void {
    // JSON makes null of NaN, and throws on a bigint.
    const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    this.faults.push(`${path} is ${shown}; allowed: ${allowed}.`);
  }

  /** For values that may hold a credential: what kind of value it is says enough. */
  kind(path: string, value: unknown, allowed: string): void {
    this.faults.push(`${path} is ${kindOf(value)}; allowed: ${allowed}.`);
  }

  /** For a key that nothing reads. */
  misspelt(path: string, known: readonly string[]): void {
    this.faults.push(`${path} is no option; allowed: ${known.join(', ')}.`);
  }

  ms(path: string, value: number, min: number): number {
    if (!Number.isSafeInteger(value) || value < min || value > MAX_MS)
      this.fault(path, value, `an integer from ${min} to ${MAX_MS}, in milliseconds`);
    return value;
  }

  /** One of several words. */
  oneOf<T extends string>(path: string, value: T, allowed: readonly T[]): T {
    if (!allowed.includes(value)) this.fault(path, value, allowed.map((word) => `"${word}"`).join(', '));
    return value;
  }
}

/** Lets options pass. @throws McpError `invalid_options` for what is no object */
export function checkOptions(path: string, options: unknown): void {
  if (!isJsonObject(options))
    throw new McpError('invalid_options', `${path} is ${kindOf(options)}; allowed: an object.`);
}

/** Says what a value is, not what it holds. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null || value === '') return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'an array';
  return `of type ${typeof value}`;
}

/** Whether a value is an array of strings. */
export const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((text: unknown) => typeof text === 'string');
