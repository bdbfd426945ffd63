import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { McpError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { DEFINED, type AnyDefined } from './define.ts';

const MODULE = /(?<!\.d|\.test|\.test-d|\.spec)\.[cm]?[jt]s$/;

/** Loads what the modules of a folder define, in the order of their paths. */
export async function loadDefinitions(directory: string | URL): Promise<AnyDefined[]> {
  const root = directory instanceof URL ? fileURLToPath(directory) : directory;
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new McpError('invalid_options', `addFrom: the folder "${root}" cannot be read.`, { cause });
  });
  const files = entries
    .filter((entry) => entry.isFile() && MODULE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const loaded: AnyDefined[] = [];
  for (const file of files) loaded.push(...(await definitionsIn(file)));
  // A module may export again what another one defines.
  return [...new Set(loaded)];
}

async function definitionsIn(file: string): Promise<AnyDefined[]> {
  const exported: unknown = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    throw new McpError('invalid_options', `addFrom: "${file}" cannot be loaded.`, { cause });
  });
  const values = isJsonObject(exported) ? Object.values(exported).flat() : [];
  const found = [...new Set(values)].filter(isDefined);
  if (found.length > 0) return found;
  throw new McpError(
    'invalid_options',
    `addFrom: "${file}" exports nothing made by defineTool, definePrompt or defineResource.`,
  );
}

const isDefined = (value: unknown): value is AnyDefined =>
  typeof value === 'object' && value !== null && DEFINED in value;
