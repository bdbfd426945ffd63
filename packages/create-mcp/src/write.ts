import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CreateError } from './errors.ts';
import type { PlannedFile } from './plan.ts';

/**
 * Writes a project: all of it, or nothing.
 *
 * @remarks The files go into a temporary folder beside the target, which is then renamed: whatever fails, no half a
 * project is left behind and nothing that was there is touched.
 * @param target - absolute; may exist if it is an empty folder
 * @throws CreateError `folder_taken` if there is something, `not_writable` if the disk refuses
 */
export async function writeProject(target: string, files: readonly PlannedFile[]): Promise<void> {
  const isThere = await refuseTaken(target);
  // Not `mkdtemp`: its folder would be closed to everybody else, and stay so.
  const temporary = join(dirname(target), `.${basename(target)}-${randomUUID()}`);
  try {
    await mkdir(temporary);
    for (const { path, content } of files) {
      await mkdir(dirname(join(temporary, path)), { recursive: true });
      await writeFile(join(temporary, path), content);
    }
    // Windows does not rename onto a folder, not even an empty one.
    if (isThere) await rmdir(target);
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    throw refusal(target, thrown);
  }
}

/** @returns whether `target` exists, as an empty folder then */
async function refuseTaken(target: string): Promise<boolean> {
  try {
    if ((await readdir(target)).length === 0) return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw refusal(target, thrown);
  }
  throw taken(target, 'is not empty');
}

function refusal(target: string, thrown: unknown): CreateError {
  const code = codeOf(thrown);
  if (code === 'ENOTDIR') return taken(target, 'is no folder', thrown);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return taken(target, 'is not empty', thrown);
  return new CreateError('not_writable', `${target} cannot be written (${code}).`, { cause: thrown });
}

const taken = (target: string, why: string, cause?: unknown): CreateError =>
  new CreateError('folder_taken', `${target} ${why}. Choose another name, or move it away.`, { cause });

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
