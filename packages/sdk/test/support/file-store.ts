import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import type { Store } from '../../src/core/store.ts';

interface Kept {
  readonly value: string;
  readonly expires: number;
}

/** A store that processes share: one file per key in a folder that is there. */
export function createFileStore(folder: string, clock: Clock = systemClock): Store {
  const pathOf = (key: string): string => join(folder, Buffer.from(key).toString('base64url'));
  const kept = (value: string, ttlMs: number): string => JSON.stringify({ value, expires: clock.wallClock() + ttlMs });
  let writes = 0;
  const get = async (key: string): Promise<string | undefined> => {
    const json = await readFile(pathOf(key), 'utf8').catch(() => undefined);
    const found = json === undefined ? undefined : (JSON.parse(json) as Kept);
    return found && found.expires > clock.wallClock() ? found.value : undefined;
  };
  return {
    get,
    async set(key, value, ttlMs) {
      // Renamed into place: a reader never sees half of it.
      const part = `${pathOf(key)}.${process.pid}.${writes++}`;
      await writeFile(part, kept(value, ttlMs));
      await rename(part, pathOf(key));
    },
    async add(key, value, ttlMs) {
      if ((await get(key)) === undefined) await rm(pathOf(key), { force: true });
      return writeFile(pathOf(key), kept(value, ttlMs), { flag: 'wx' }).then(
        () => true,
        () => false,
      );
    },
    // Tests replace what one process at a time changes.
    async replace(key, { was, value }, ttlMs) {
      if ((await get(key)) !== was) return false;
      await this.set(key, value, ttlMs);
      return true;
    },
    delete: (key) => rm(pathOf(key), { force: true }),
  };
}
