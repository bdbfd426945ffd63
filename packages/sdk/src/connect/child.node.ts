import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import spawn from 'cross-spawn';
import { McpError } from '../core/errors.ts';
import type { Channel } from '../wire/channel.ts';
import { channelOverStreams } from '../wire/streams.node.ts';
import { ChildGroup, HAS_GROUPS } from './child-group.node.ts';

/** A program that serves on its standard streams. */
export interface ChildServer {
  /** Looked up in PATH; no shell is between. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child, besides what every program needs to start. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Takes what the program writes to its standard error. @defaultValue it goes to this process's */
  readonly onStderr?: ((text: string) => void) | undefined;
  /**
   * Whether its owner lets it finish when this process is interrupted: an interruption that somebody here listens to is
   * not passed on. @defaultValue false
   */
  readonly isDrained?: boolean;
}

/** A server that was started. */
export interface Child {
  /** Its standard streams; closing it ends the child. */
  readonly channel: Channel;
  readonly pid: number | undefined;
  readonly hasEnded: boolean;
  /** Resolves, with how, once the child has ended and what it wrote is read. */
  readonly ended: Promise<string>;
}

/** What a child gets of this process's environment: what programs need to start, nothing that may be a secret. */
const INHERITED =
  process.platform === 'win32'
    ? [
        ...['APPDATA', 'HOMEDRIVE', 'HOMEPATH', 'LOCALAPPDATA', 'PATH', 'PATHEXT', 'PROCESSOR_ARCHITECTURE'],
        ...['PROGRAMFILES', 'SYSTEMDRIVE', 'SYSTEMROOT', 'TEMP', 'USERNAME', 'USERPROFILE'],
      ]
    : ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'];

/** How long a child has to end once its input is closed. Unit: ms. */
const GRACE_MS = 1_000;

/** How long the end of a child and what it wrote may be apart. Unit: ms. */
const LAST_WORDS_MS = 100;

/**
 * Starts a server, in a process group of its own: what it starts ends with it, and with this process at the latest.
 * @throws McpError `invalid_options` if there is no such program, `unavailable` if it cannot be started
 */
export async function startChild(server: ChildServer): Promise<Child> {
  const { command, args, env, cwd, onStderr, isDrained = false } = server;
  const inherited: Record<string, string | undefined> = {};
  for (const name of INHERITED) if (name in process.env) inherited[name] = process.env[name];
  const child = spawn(command, [...args], {
    env: { ...inherited, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', onStderr ? 'pipe' : 'inherit'],
    detached: HAS_GROUPS,
    windowsHide: true,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => onStderr?.(text));
  await once(child, 'spawn').catch((cause: unknown) => {
    throw notStarted(command, cause);
  });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new McpError('internal', `${command} was started without pipes.`);
  return new StartedChild(child, { stdin, stdout, isDrained });
}

function notStarted(command: string, cause: unknown): McpError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'ENOENT')
    return new McpError('invalid_options', `the command "${command}" (or its cwd) does not exist`, { cause });
  return new McpError('unavailable', `"${command}" cannot be started (${code})`, { cause });
}

interface Pipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly isDrained: boolean;
}

class StartedChild implements Child {
  readonly channel: Channel;
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #group: ChildGroup;
  readonly #stdin: Writable;
  #ending: Promise<void> | undefined;

  constructor(child: ChildProcess, { stdin, stdout, isDrained }: Pipes) {
    this.#process = child;
    this.#group = new ChildGroup(child, isDrained);
    this.#stdin = stdin;
    // A signal may fail; what then happens to the child is told by its exit.
    child.on('error', () => undefined);
    child.once('exit', () => {
      for (const stream of [stdout, child.stderr]) if (stream) closeSoon(stream);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve(`it ended with ${signal ?? `code ${code}`}`);
      });
    });
    const streams = channelOverStreams({ input: stdout, output: stdin });
    this.channel = {
      open: (events) => {
        streams.open({
          message: (bytes) => {
            events.message(bytes);
          },
          close: () => {
            void this.#gone().then((reason) => {
              events.close(reason);
            });
          },
        });
      },
      send: (json) => streams.send(json),
      close: () => this.#end(),
    };
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Why nothing more comes; a child that lives on without its output is ended. */
  async #gone(): Promise<string> {
    if (this.#ending || (await within(this.ended, LAST_WORDS_MS))) return this.ended;
    void this.#end();
    return 'it closed its output';
  }

  /** As the stdio transport says: close its input, then SIGTERM, then SIGKILL, each to its whole group. */
  #end(): Promise<void> {
    return (this.#ending ??= (async () => {
      this.#stdin.end();
      if (!(await within(this.ended, GRACE_MS))) this.#group.end();
      await this.ended;
    })());
  }
}

/** Closes what a child that has ended wrote: what it started may hold the other end open. */
function closeSoon(stream: Readable): void {
  const timer = setTimeout(() => {
    // If this process was busy until now, what has come in the meantime is read first.
    setImmediate(() => stream.destroy());
  }, LAST_WORDS_MS);
  stream.once('close', () => {
    clearTimeout(timer);
  });
}

/** Whether it settles in time. The child keeps this process alive, not the wait for it. */
function within(ended: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, ms).unref();
    void ended.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
