import { parseArgs } from 'node:util';
import { CreateError } from './errors.ts';
import { TRANSPORTS, type Transport } from './transport.ts';

/** What the command line says. */
export interface Args {
  /** Undefined when it was not given. */
  readonly name: string | undefined;
  readonly transport: Transport;
  readonly install: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** What `--help` prints. */
export const HELP = `Starts an MCP server project in TypeScript.

Usage: npm create mcp <name> -- [options]
       npx create-mcp <name> [options]

<name> is the npm name of the project. Its folder is made in the current directory;
for @scope/name the folder is "name".

Options:
  --transport stdio|http  how clients reach the server (default: stdio)
  --install               installs the dependencies, too
  --no-install            prints the commands that do (default)
  -h, --help              prints this
  -v, --version           prints the version`;

/** Reads the command line. @throws CreateError `usage` if it cannot be understood */
export function readArgs(argv: readonly string[]): Args {
  const { values, positionals } = parse(argv);
  if (positionals.length > 1)
    throw new CreateError('usage', `One name is expected, not ${positionals.length}: ${positionals.join(' ')}`);
  return {
    name: positionals[0],
    transport: transportOf(values.transport),
    install: values.install,
    help: values.help,
    version: values.version,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      allowNegative: true,
      options: {
        transport: { type: 'string', default: 'stdio' },
        install: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
  } catch (thrown) {
    throw new CreateError('usage', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}

function transportOf(given: string): Transport {
  const transport = TRANSPORTS.find((known) => known === given);
  if (!transport) throw new CreateError('usage', `--transport is "${given}"; allowed: ${TRANSPORTS.join(', ')}.`);
  return transport;
}
