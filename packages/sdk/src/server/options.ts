import type { Icon } from '../core/official-types.ts';
import type { Store } from '../core/store.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { EdgeLimits, EdgeOptions } from '../serve/edge.ts';
import type { CacheHints } from './cache-hints.ts';
import { checkCacheScope, checkInteger, type Faults } from './faults.ts';
import { checkShape, type Shape } from './shape.ts';

/** Who a server is, as callers see it, and what holds for all that it offers. */
export interface ServerOptions extends EdgeOptions, CacheHints {
  name: string;
  version: string;
  title?: string;
  description?: string;
  websiteUrl?: string;
  icons?: Icon[];
  /** Tells models how to use the server. */
  instructions?: string;
  /** Entries of one page of a list. Range: from 1. @defaultValue 100 */
  pageSize?: number;
  /**
   * Keeps long journals of calls that ask, makes their states good for one use, keeps tasks, and what legacy sessions
   * have said.
   * @defaultValue none: tasks and sessions live in memory, states may be used again and are at most 8 KiB
   */
  store?: Store;
  /** How long one round of a function may take. Unit: ms, from 1. @defaultValue no limit */
  toolTimeoutMs?: number;
  /** Where it is told what goes wrong. @defaultValue warnings and errors go to the standard error, a line each */
  telemetry?: Telemetry;
}

const SHAPE: Shape<ServerOptions> = {
  required: ['name', 'version'],
  members: {
    ...{ name: 'text', version: 'text', title: 'text', description: 'text', websiteUrl: 'text', icons: 'array' },
    ...{ instructions: 'text', pageSize: 'number', store: 'store', toolTimeoutMs: 'number', ttlMs: 'number' },
    ...{ cacheScope: 'text', origins: 'texts', hosts: 'texts', limits: 'object', authenticate: 'function' },
    ...{ legacySessions: 'boolean', sse: 'boolean', telemetry: 'telemetry', secret: 'bytes', audience: 'text' },
    ...{ keepAliveMs: 'number', pollAfterMs: 'number', sessionIdleMs: 'number', bus: 'bus' },
    ...{ clock: 'clock', random: 'random' },
  },
};

const LIMITS: Shape<EdgeLimits> = {
  required: [],
  members: { maxBytes: 'number', maxDepth: 'number', maxElements: 'number' },
};

/** Checks the options of a server. @returns whether those of its edge can be looked at */
export function checkServerOptions(options: ServerOptions, faults: Faults): boolean {
  const { name, version, limits, pageSize, ttlMs, cacheScope, toolTimeoutMs } = options;
  const isWhole = faults.attempt(() => {
    checkShape('', options, SHAPE);
    if (limits) checkShape('limits', limits, LIMITS);
    return true;
  });
  for (const [path, value] of Object.entries({ name, version })) if (value === '') faults.add(`${path} is empty.`);
  const integers = [
    ['pageSize', pageSize, 1],
    ['ttlMs', ttlMs, 0],
    ['toolTimeoutMs', toolTimeoutMs, 1],
  ] as const;
  for (const [path, value, min] of integers)
    // What is no number has been told.
    if (typeof value === 'number')
      faults.attempt(() => {
        checkInteger(path, value, min);
      });
  faults.attempt(() => {
    checkCacheScope('cacheScope', cacheScope);
  });
  return isWhole === true;
}

/** Checks what a caller without types may have given as middleware. */
export function checkFunctions(given: readonly unknown[], method: string, faults: Faults): void {
  for (const each of given)
    if (typeof each !== 'function') faults.add(`${method}() was given ${typeof each}; allowed: a function.`);
}
