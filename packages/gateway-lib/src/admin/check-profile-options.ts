import { isJsonObject, McpError } from '@org/mcp-sdk';
import type { ProfileOptions } from './profiler.ts';

/** A key with what its value may be. */
type Rule = readonly [allowed: string, is: (value: unknown) => boolean];

const isIntegerOf = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max;

const RULES: Readonly<Record<keyof ProfileOptions, Rule>> = {
  seconds: ['an integer from 1 to 300, in seconds', (value) => isIntegerOf(value, 1, 300)],
  kind: ['"cpu", "heap"', (value) => value === undefined || value === 'cpu' || value === 'heap'],
  intervalMicros: [
    'an integer from 100 to 100000, in microseconds',
    (value) => value === undefined || isIntegerOf(value, 100, 100_000),
  ],
  signal: ['an AbortSignal', (value) => value === undefined || value instanceof AbortSignal],
};

/** @throws McpError `invalid_options` naming every bad option with its value and what is allowed */
export function checkProfileOptions(options: unknown): void {
  const given = isJsonObject(options) ? options : {};
  const faults = Object.entries(RULES).flatMap(([key, [allowed, is]]) =>
    is(given[key]) ? [] : [`profile: ${key} is ${shown(given[key])}; allowed: ${allowed}.`],
  );
  for (const key of Object.keys(given))
    if (!Object.hasOwn(RULES, key))
      faults.push(`profile: ${key} is no option; allowed: ${Object.keys(RULES).join(', ')}.`);
  if (given.kind === 'heap' && given.intervalMicros !== undefined)
    faults.push(`profile: intervalMicros is ${shown(given.intervalMicros)}; allowed: nothing, for kind is "heap".`);
  if (faults.length > 0) throw new McpError('invalid_options', faults.join('\n'));
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `of type ${typeof value}`;
}
