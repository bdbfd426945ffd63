import { readEnvironment } from '#sdk-platform';
import { McpError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { httpTarget, stdioTarget, type StdioTargetOptions, type Target, webSocketTarget } from './target.ts';

/** An entry of the `mcpServers` JSON of a desktop host: a program to start, or a URL. */
export type ServerConfig =
  | {
      readonly type?: 'stdio';
      readonly command: string;
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  | {
      /** For whoever reads it: the URL says how it is spoken to. */
      readonly type?: 'http' | 'streamable-http' | 'ws';
      readonly url: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** `${VAR}`, `${env:VAR}` and `${VAR:-default}`. */
const VARIABLE = /\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/** Reads an entry. @throws McpError `invalid_options` naming the member that is wrong, or the variable that is not set */
export function targetFromConfig(entry: ServerConfig): Target {
  const config: unknown = expand(entry, 'config');
  if (!isJsonObject(config)) throw new McpError('invalid_options', 'The config must be an object.');
  const { type, command, args = [], env = {}, cwd, url, headers = {} } = config;
  check('config.type', type !== 'sse', 'what is spoken here; the transport HTTP+SSE of 2024-11-05 is not');
  check('config.headers', isStrings(headers), 'an object of strings');
  if (typeof url === 'string') {
    const target = /^wss?:/i.test(url) ? webSocketTarget : httpTarget;
    return target(url, { headers: headers as Record<string, string> });
  }
  check('config', typeof command === 'string', 'an object with "command" or "url"');
  check('config.args', Array.isArray(args) && args.every((arg) => typeof arg === 'string'), 'an array of strings');
  check('config.env', isStrings(env), 'an object of strings');
  check('config.cwd', cwd === undefined || typeof cwd === 'string', 'a string');
  // Checked above.
  const options = { env, ...(cwd === undefined ? {} : { cwd }) } as StdioTargetOptions;
  return stdioTarget(command as string, args as string[], options);
}

function check(path: string, isRight: boolean, allowed: string): void {
  if (!isRight) throw new McpError('invalid_options', `${path} is wrong; allowed: ${allowed}.`);
}

function expand(value: unknown, path: string): unknown {
  if (typeof value === 'string')
    return value.replaceAll(VARIABLE, (_whole, name: string, other?: string) => read(name, { other, path }));
  if (Array.isArray(value)) return value.map((item, index) => expand(item, `${path}[${index}]`));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expand(member, `${path}.${key}`)]));
}

function read(name: string, { other, path }: { other: string | undefined; path: string }): string {
  const value = readEnvironment(name) ?? other;
  if (value !== undefined) return value;
  throw new McpError('invalid_options', `${path} names the variable ${name}, which is not set.`);
}

const isStrings = (value: unknown): value is Record<string, string> =>
  isJsonObject(value) && Object.values(value).every((member) => typeof member === 'string');
