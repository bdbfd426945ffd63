import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { McpError, type JsonObject } from '@org/mcp-sdk';

/** The folder of the workspace. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** How a TypeScript file beside this one is run on the sources, as a child of anything. */
export const tsFile = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: ['--import', TSX, fileURLToPath(new URL(name, import.meta.url)), ...args],
  env: { TSX_TSCONFIG_PATH: `${ROOT}tsconfig.json` },
  cwd: ROOT,
});

const official = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [`${ROOT}node_modules/@modelcontextprotocol/${name}/dist/index.js`, ...args],
});

/** The official server with a bit of everything, over stdio. */
export const EVERYTHING = official('server-everything', 'stdio');

/** The official file server, over stdio. */
export const filesystem = (folder: string) => official('server-filesystem', folder);

/** The small server of `upstream-server.ts`, over stdio. */
export const STDIO = tsFile('upstream-server.ts', 'stdio');

/** A process that a test started. */
export class Child {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly exited: Promise<unknown>;

  constructor({ command, args, env }: ReturnType<typeof tsFile>) {
    this.process = spawn(command, args, {
      env: { ...process.env, ...env },
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.exited = once(this.process, 'exit');
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** The next line that it writes. */
  async line(): Promise<string> {
    const reader = createInterface(this.process.stdout!);
    const [line] = (await Promise.race([once(reader, 'line'), this.exited.then(() => ['ended'])])) as [string];
    reader.close();
    return line;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Ends it, frozen or not. */
  async end(): Promise<void> {
    if (isAlive(this.pid)) this.process.kill('SIGKILL');
    await this.exited;
  }
}

/** The small server over HTTP. */
export class Replica extends Child {
  url = '';

  static start(port = 0): Promise<Replica> {
    return Replica.#start(tsFile('upstream-server.ts', 'http', String(port)));
  }

  /** An official v1 server with sessions. */
  static startLegacy(port = 0): Promise<Replica> {
    return Replica.#start(tsFile('legacy-server.ts', String(port)));
  }

  static async #start(program: ReturnType<typeof tsFile>): Promise<Replica> {
    const replica = new Replica(program);
    replica.url = await replica.line();
    if (!URL.canParse(replica.url)) throw new McpError('internal', `the replica says ${replica.url}`);
    return replica;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The text of a tool result. */
export const textOf = (result: JsonObject): string => (result.content as { text: string }[])[0]!.text;
