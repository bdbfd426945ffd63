import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Naming } from '@org/mcp-gateway';

/** What the command line asks for. */
export interface Options {
  /** 0 picks a free one. */
  readonly port: number;
  /** Absolute path of a config file; without it the four sample upstreams are served. */
  readonly config: string | undefined;
  readonly naming: Naming;
  readonly once: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** The command line cannot be understood; the message is for the person who typed it. */
export class UsageError extends Error {}

const NAMINGS: readonly Naming[] = ['always', 'conflict', 'never'];

export const USAGE = `Serves several MCP servers as one, and shows how a client sees them.

Usage: npm start -- [options]

  --port <number>     where to listen on 127.0.0.1; 0 picks a free port (default: 3000)
  --config <file>     serve the servers of this mcp.json instead of the samples
  --naming <when>     when names carry their upstream: always, conflict or never (default: always)
  --once              end after the demonstration; the exit code is 0 if all of it worked
  --json              print one line, {"url": …}, once it serves, and nothing else
  --help              print this`;

/** Reads the command line. @throws UsageError naming the option, its value and what is allowed */
export function parseOptions(args: readonly string[]): Options {
  const values = read(args);
  return {
    port: portOf(values.port),
    config: values.config === undefined ? undefined : resolve(startedIn(), values.config),
    naming: namingOf(values.naming),
    once: values.once,
    json: values.json,
    help: values.help,
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '3000' },
        config: { type: 'string' },
        naming: { type: 'string', default: 'always' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (thrown) {
    // What follows the first sentence explains how to pass file names that look like options.
    const [fault] = (thrown instanceof Error ? thrown.message : String(thrown)).split(/\.?\s*\n|\. /);
    throw new UsageError(`${fault}. See --help.`, { cause: thrown });
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port is "${text}"; allowed: a number from 0 to 65535.`);
}

function namingOf(text: string): Naming {
  const naming = NAMINGS.find((known) => known === text);
  if (naming) return naming;
  throw new UsageError(`--naming is "${text}"; allowed: ${NAMINGS.join(', ')}.`);
}

/** npm runs scripts in the root of the package, and says where the person was. */
const startedIn = (): string => process.env.INIT_CWD ?? process.cwd();
