import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import spawn from 'cross-spawn';
import { McpError, type Era, type Telemetry } from '@org/mcp-sdk';
import { connect, linkOverChannel, type Connection } from '@org/mcp-sdk/connect';
import { channelOverStreams } from '@org/mcp-sdk/node';
import { isAtWork } from './busy.node.ts';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';

/** A server that is started as a child process and spoken to on its standard streams. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child, besides what {@link INHERITED} names. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly upstream: string;
  readonly telemetry: Telemetry;
}

/** What a child gets of this process's environment: what programs need to start, nothing that may be a secret. */
export const INHERITED =
  process.platform === 'win32'
    ? [
        'APPDATA',
        'HOMEDRIVE',
        'HOMEPATH',
        'LOCALAPPDATA',
        'PATH',
        'PATHEXT',
        'PROCESSOR_ARCHITECTURE',
        'PROGRAMFILES',
        'SYSTEMDRIVE',
        'SYSTEMROOT',
        'TEMP',
        'USERNAME',
        'USERPROFILE',
      ]
    : ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'];

/** How long a child has to end once its input is closed, and again after SIGTERM. Unit: ms. */
const GRACE_MS = 1_000;

/** A line of stderr is cut here. Unit: characters. */
const MAX_LOG_LINE = 2_000;

/** A child process as an endpoint. */
export function overChild(options: ChildOptions, context: ConnectContext): Transport {
  // Arguments may hold credentials.
  const label = options.command;
  let era: Era | undefined;
  return {
    kind: 'stdio',
    label,
    supervised: true,
    async open(signal, terms) {
      const child = start(options);
      const link = linkOverChannel(channelOverStreams({ input: child.stdout, output: child.stdin }), label);
      const failed = failure(child.process, options.command);
      let gone = false;
      void link.closed.then(() => (gone = true));
      try {
        const connected = connect(link, { ...context, ...terms, signal, ...(era ? { era } : {}) });
        const connection = await Promise.race([connected, failed]);
        era = connection.era;
        return ownedBy(child.process, connection);
      } catch (thrown) {
        const crashed = gone as boolean; // set by a callback, which TypeScript does not see
        await stop(child.process);
        // Its pipe may be closed before it is known how it ended, which says more.
        throw crashed ? await failed.catch((reason: unknown) => reason) : thrown;
      }
    },
  };
}

/** The connection; closing it ends the child. */
const ownedBy = (child: ChildProcess, connection: Connection): Connection => ({
  handler: connection.handler,
  era: connection.era,
  version: connection.version,
  server: connection.server,
  closed: connection.closed,
  ping: (signal) => pingOrLook(child, connection, signal),
  close: () => stop(child),
});

/** A child that computes answers late: what tells it from a frozen one is that it is not stopped. */
async function pingOrLook(child: ChildProcess, connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    await connection.ping(signal);
  } catch (thrown) {
    if (!signal.aborted || hasEnded(child) || !(await isAtWork(child.pid))) throw thrown;
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

interface Started {
  readonly process: ChildProcess;
  readonly stdin: NonNullable<ChildProcess['stdin']>;
  readonly stdout: Readable;
}

function start({ command, args, env, cwd, upstream, telemetry }: ChildOptions): Started {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
  const child = spawn(command, [...args], {
    env: { ...inherited, ...env },
    stdio: 'pipe',
    // An own process group: what the child starts ends with it.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new McpError('internal', `${command} was started without pipes.`);
  logLines(stderr, (line) => {
    telemetry.record({ name: 'upstream.stderr', severity: 'info', fields: { upstream, line } });
  });
  endWithUs(child);
  child.once('exit', () => {
    closeSoon(stdout);
  });
  return { process: child, stdin, stdout };
}

/** How long what a child wrote may still be on its way once it has ended. Unit: ms. */
const LAST_WORDS_MS = 100;

/** Closes the output of a child that has ended: what it started may hold the other end open. */
function closeSoon(stdout: Readable): void {
  const timer = setTimeout(() => {
    // If this process was busy until now, what has come in the meantime is read first.
    setImmediate(() => stdout.destroy());
  }, LAST_WORDS_MS);
  stdout.once('close', () => {
    clearTimeout(timer);
  });
}

/** Children that end with this process; one listener for all, for Node warns of the eleventh. */
const running = new Set<ChildProcess>();

const killAll = (): void => {
  for (const child of running) signalGroup(child, 'SIGKILL');
};

function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}

function logLines(stream: Readable, log: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(-MAX_LOG_LINE);
    for (const line of lines) if (line !== '') log(line.slice(0, MAX_LOG_LINE));
  });
  stream.once('end', () => {
    if (rest !== '') log(rest);
  });
}

/** Rejects when the child cannot be started or ends early. */
function failure(child: ChildProcess, command: string): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT';
      const why = missing
        ? `the command "${command}" (or its cwd) does not exist`
        : `"${command}" cannot be started (${cause.code ?? 'unknown'})`;
      reject(new McpError(missing ? 'invalid_options' : 'unavailable', why, { cause }));
    });
    child.once('exit', (code, signal) => {
      reject(new McpError('unavailable', `"${command}" ended with ${signal ?? `code ${code}`} before it was ready`));
    });
  });
}

/** Ends a child as the stdio transport says: close its input, then SIGTERM, then SIGKILL, each to its whole group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => {
    if (hasEnded(child)) resolve();
    else
      child.once('exit', () => {
        resolve();
      });
  });
  child.stdin?.end();
  if (!(await within(ended, GRACE_MS))) signalGroup(child, 'SIGTERM');
  if (!(await within(ended, GRACE_MS))) signalGroup(child, 'SIGKILL');
  await ended;
  // What the child itself started and left behind.
  signalGroup(child, 'SIGKILL');
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function within(ended: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, ms);
    void ended.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}
