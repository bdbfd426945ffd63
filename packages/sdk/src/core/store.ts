import { systemClock, type Clock } from './clock.ts';

/**
 * Where values are kept that must outlive a call, and, when shared by replicas, the process.
 *
 * @remarks Values are text, so that any key-value store will do. A driver rejects when it cannot reach its storage.
 */
export interface Store {
  /** Reads a value; undefined when there is none or it has expired. */
  get(key: string): Promise<string | undefined>;
  /** Writes a value. @param ttlMs - when it may be forgotten. Unit: ms, from 1 */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Writes a value unless there is one, as one step; resolves with whether it was written. */
  add(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Writes a value if the one there is still `was`, as one step; resolves with whether it was written. */
  replace(key: string, change: { readonly was: string; readonly value: string }, ttlMs: number): Promise<boolean>;
  /** Forgets a value. */
  delete(key: string): Promise<void>;
}

/** What a memory store may hold: the oldest entries make room. */
export interface MemoryStoreLimits {
  /** @defaultValue 100_000 */
  maxEntries?: number;
  /** Length of all values and keys; the newest value is kept however long it is. Unit: characters. @defaultValue 134_217_728 */
  maxSize?: number;
}

/** A store in the memory of this process: what it keeps ends with it. */
export function createMemoryStore(
  clock: Clock = systemClock,
  { maxEntries = 100_000, maxSize = 128 * 1024 * 1024 }: MemoryStoreLimits = {},
): Store {
  const entries = new Map<string, { readonly value: string; readonly expires: number }>();
  let size = 0;
  const drop = (key: string): void => {
    const entry = entries.get(key);
    if (entry && entries.delete(key)) size -= key.length + entry.value.length;
  };
  const read = (key: string): string | undefined => {
    const entry = entries.get(key);
    if (entry && entry.expires > clock.wallClock()) return entry.value;
    drop(key);
    return undefined;
  };
  const write = (key: string, value: string, ttlMs: number): void => {
    drop(key);
    size += key.length + value.length;
    for (const oldest of entries.keys()) {
      if (entries.size < maxEntries && size <= maxSize) break;
      drop(oldest);
    }
    entries.set(key, { value, expires: clock.wallClock() + ttlMs });
  };
  return {
    get: (key) => Promise.resolve(read(key)),
    set(key, value, ttlMs) {
      write(key, value, ttlMs);
      return Promise.resolve();
    },
    add(key, value, ttlMs) {
      if (read(key) !== undefined) return Promise.resolve(false);
      write(key, value, ttlMs);
      return Promise.resolve(true);
    },
    replace(key, { was, value }, ttlMs) {
      if (read(key) !== was) return Promise.resolve(false);
      write(key, value, ttlMs);
      return Promise.resolve(true);
    },
    delete(key) {
      drop(key);
      return Promise.resolve();
    },
  };
}
