import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ChildMessage, Usage } from './child.ts';

/** How to start a {@link Child}. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** Core to run on, or several as in `0-1`, where `taskset` is there. @defaultValue that of its parent */
  readonly core?: number | string;
  readonly execArgv?: readonly string[];
  /** Whether its standard streams are pipes of this process. @defaultValue false */
  readonly pipes?: boolean;
  /** Whether what it prints is dropped. @defaultValue false */
  readonly isQuiet?: boolean;
}

/** A process of a benchmark, as its parent sees it. */
export class Child {
  readonly #process: ChildProcess;

  constructor(file: URL, { args = [], core, execArgv = [], pipes = false, isQuiet = false }: ChildOptions = {}) {
    this.#process = fork(fileURLToPath(file), args, {
      execArgv: [...process.execArgv, ...execArgv],
      stdio: pipes ? ['pipe', 'pipe', 'inherit', 'ipc'] : ['ignore', isQuiet ? 'ignore' : 'inherit', 'inherit', 'ipc'],
    });
    if (core !== undefined && this.#process.pid !== undefined) pinTo(core, this.#process.pid);
  }

  /** What it writes to and reads from, if it has pipes. */
  get streams(): { readonly input: Writable; readonly output: Readable } {
    const { stdin, stdout } = this.#process;
    if (!stdin || !stdout) throw new Error('the child was started without pipes');
    return { input: stdin, output: stdout };
  }

  /** Asks it for the CPU time it has used so far. Unit: µs. */
  async cpuMicros(): Promise<number> {
    return (await this.usage()).cpuMicros;
  }

  /** Asks it for what it has used so far. */
  async usage(): Promise<Usage> {
    const message = await this.ask();
    return 'cpuMicros' in message ? message : { cpuMicros: NaN, rssBytes: NaN };
  }

  /** Where it listens, which is the first thing it tells. */
  async url(): Promise<string> {
    const message = await this.next();
    return 'url' in message ? message.url : '';
  }

  /** Sends it a message, which it answers with what it measures. */
  ask(): Promise<ChildMessage> {
    const answer = this.next();
    this.#process.send('measure');
    return answer;
  }

  /** The next message it sends. */
  next(): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      const lost = (code: number | null): void => {
        reject(new Error(`a benchmark child ended with code ${code ?? 'unknown'}`));
      };
      this.#process.once('exit', lost);
      this.#process.once('message', (message: ChildMessage) => {
        this.#process.off('exit', lost);
        resolve(message);
      });
    });
  }

  end(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}

/** Pins all threads of a process to a core, or to several as in `0-1`; does nothing where there is no `taskset`. */
export function pinTo(core: number | string, pid: number): void {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}
