import { readFile } from 'node:fs/promises';
import { McpError, type JsonObject } from '@org/mcp-sdk';
import { parseConfigText } from './config.ts';

/** A config and what it is read with. */
export interface ConfigSource {
  readonly value: unknown;
  /** What it is called in messages. */
  readonly source: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads a config file, or takes its content. @throws McpError `invalid_options` if there is no such file or it is not JSON */
export async function readConfig(config: string | JsonObject): Promise<ConfigSource> {
  if (typeof config !== 'string') return { value: config, source: 'config', env: process.env };
  return { value: parseConfigText(await read(config), config), source: config, env: process.env };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown reason'})`;
    throw new McpError('invalid_options', `The config file ${path} ${why}.`, { cause });
  }
}
