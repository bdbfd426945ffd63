import { McpError, type ErrorCode, type Random } from '@org/mcp-sdk';
import { always, createFault, type Fault } from './fault.ts';

/** How a call fails: a code of the SDK's error table, or what is to be thrown. */
export type Failure = ErrorCode | Error;

/** Fails every call; none reaches what is wrapped. @param failure - a code, or what is thrown */
export const failWith = (failure: Failure): Fault => failing(always, failure);

/**
 * Fails the calls number `n`, `2n`, `3n`, …; the others go on.
 * @param failure - a code, or what is thrown
 * @throws McpError `invalid_options` if `n` is no integer from 1
 */
export function failEvery(n: number, failure: Failure = 'unavailable'): Fault {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new McpError('invalid_options', `n is ${n}; allowed: an integer from 1.`);
  return failing((ordinal) => ordinal % n === 0, failure);
}

/**
 * Fails the first `n` calls; all later ones go on: a server that recovers.
 * @param failure - a code, or what is thrown
 * @throws McpError `invalid_options` if `n` is no integer from 0
 */
export function failFirst(n: number, failure: Failure = 'unavailable'): Fault {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new McpError('invalid_options', `n is ${n}; allowed: an integer from 0.`);
  return failing((ordinal) => ordinal <= n, failure);
}

/**
 * Fails a share of the calls; which ones follows from the seed.
 * @param ratio - from 0, never, to 1, always
 * @param random - from `createSeededRandom`; one number is drawn per call
 * @param failure - a code, or what is thrown
 * @throws McpError `invalid_options` if `ratio` is not from 0 to 1
 */
export function failAtRandom(ratio: number, random: Random, failure: Failure = 'unavailable'): Fault {
  if (!(ratio >= 0 && ratio <= 1)) throw new McpError('invalid_options', `ratio is ${ratio}; allowed: 0 to 1.`);
  return failing(() => random.next() < ratio, failure);
}

const failing = (applies: (ordinal: number) => boolean, failure: Failure): Fault =>
  createFault(applies, () =>
    Promise.reject(typeof failure === 'string' ? new McpError(failure, `Injected fault: ${failure}.`) : failure),
  );
