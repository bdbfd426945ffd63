import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { HELP, readArgs } from './args.ts';
import { CreateError } from './errors.ts';
import { plan } from './plan.ts';
import { faultOfName, folderOf } from './project-name.ts';
import type { Transport } from './transport.ts';
import { writeProject } from './write.ts';

/** The world as the program sees it. */
export interface Surroundings {
  readonly cwd: string;
  print(text: string): void;
  complain(text: string): void;
  /** Undefined when nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Installs the dependencies of the project in `folder`. */
  install(folder: string): Promise<void>;
}

/**
 * Runs the program.
 * @returns the exit code: 0, 1 if something failed, 2 if the arguments are wrong
 */
export async function run(argv: readonly string[], world: Surroundings): Promise<number> {
  try {
    await create(argv, world);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CreateError)) throw thrown;
    world.complain(`create-mcp: ${thrown.message}`);
    if (thrown.code !== 'usage') return 1;
    world.complain('Run with --help to see what is possible.');
    return 2;
  }
}

async function create(argv: readonly string[], world: Surroundings): Promise<void> {
  const args = readArgs(argv);
  if (args.help) {
    world.print(HELP);
    return;
  }
  if (args.version) {
    world.print(manifest.version);
    return;
  }
  const name = args.name ?? (await askName(world));
  const fault = faultOfName(name);
  if (fault !== undefined) throw new CreateError('usage', fault);
  const folder = join(world.cwd, folderOf(name));
  await writeProject(folder, plan({ name, transport: args.transport }));
  world.print(`Made ${folder}`);
  if (args.install) await world.install(folder);
  world.print(nextSteps(folderOf(name), args.install, args.transport));
}

async function askName({ ask }: Surroundings): Promise<string> {
  if (!ask) throw new CreateError('usage', 'The name is missing, and there is no terminal to ask for it.');
  return (await ask('Name of the project: ')).trim();
}

function nextSteps(folder: string, isInstalled: boolean, transport: Transport): string {
  const commands = [`cd ${folder}`, ...(isInstalled ? [] : ['npm install']), 'npm run build', 'npm test'];
  if (transport === 'http') commands.push('npm start');
  return `\nNext:\n${commands.map((command) => `  ${command}`).join('\n')}\n\nREADME.md says how clients reach the server.`;
}
