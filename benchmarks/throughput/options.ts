import { parseArgs } from 'node:util';

/** What the command line says. */
export interface BenchOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
  /** Rows whose name matches it. */
  readonly only: RegExp;
  /** Folder for CPU profiles of the servers. */
  readonly profile: string | undefined;
  /** File for the results as JSON. */
  readonly json: string | undefined;
  /** How long the gateway has to hold 10,000 calls/s; 0 leaves that out. Unit: s. */
  readonly sustained: number;
  /** Whether the committed results and the README are written anew. */
  readonly report: boolean;
  /** Whether the baseline is written anew. */
  readonly update: boolean;
}

const FLAGS = {
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  connections: { type: 'string', default: '64' },
  only: { type: 'string', default: '' },
  profile: { type: 'string' },
  json: { type: 'string' },
  sustained: { type: 'string', default: '0' },
  report: { type: 'boolean', default: false },
  update: { type: 'boolean', default: false },
} as const;

/** Reads the command line; ends the process with what is wrong with it. @param defaults - of one program */
export function readOptions(defaults: { readonly seconds: number; readonly rounds: number }): BenchOptions {
  try {
    const { values } = parseArgs({ options: FLAGS });
    if (values.report && values.only !== '') throw new RangeError('--report needs all rows; leave --only out');
    return {
      ...values,
      profile: values.profile,
      json: values.json,
      seconds: atLeast('seconds', values.seconds ?? String(defaults.seconds), 0.1),
      rounds: whole('rounds', values.rounds ?? String(defaults.rounds)),
      connections: whole('connections', values.connections),
      only: new RegExp(values.only),
      sustained: atLeast('sustained', values.sustained, 0),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write(
      `Options: ${Object.keys(FLAGS)
        .map((flag) => `--${flag}`)
        .join(', ')}\n`,
    );
    process.exit(2);
  }
}

function atLeast(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
  throw new RangeError(`--${name} is "${text}"; it must be a number from ${least}`);
}

function whole(name: string, text: string): number {
  if (Number.isSafeInteger(Number(text))) return atLeast(name, text, 1);
  throw new RangeError(`--${name} is "${text}"; it must be an integer from 1`);
}
