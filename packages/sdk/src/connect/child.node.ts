import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { McpError } from '../core/errors.ts';
import type { Channel } from '../wire/channel.ts';
import { encodeLine, LineSplitter } from '../wire/lines.ts';
import { ChildGroup, HAS_GROUPS } from './child-group.node.ts';

/** A program that serves on its standard streams. */
export interface ChildServer {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly onStderr?: (text: string) => void;
}

/** What a child gets of this process's environment: what programs need to start, nothing that may be a secret. */
const INHERITED = [
  ...['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER', 'APPDATA', 'LOCALAPPDATA', 'PATHEXT'],
  ...['SYSTEMROOT', 'SYSTEMDRIVE', 'TEMP', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'PROGRAMFILES'],
];

/** How long a child has to end once its input is closed. Unit: ms. */
const GRACE_MS = 1_000;

/** Limit for one line. Unit: bytes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Starts a server and makes a channel of its standard streams. No shell is between.
 * @throws McpError `unavailable` if it cannot be started
 */
export async function startChild({ command, args, env, cwd, onStderr }: ChildServer): Promise<Channel> {
  const inherited = Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
  const child = spawn(command, args, {
    env: { ...inherited, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', onStderr ? 'pipe' : 'inherit'],
    detached: HAS_GROUPS,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => onStderr?.(text));
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new McpError('unavailable', `${command} cannot be started.`, { cause });
  });
  const group = new ChildGroup(child);
  // A signal may fail; what then happens to the child is told by its exit.
  child.on('error', () => undefined);
  // A program that it started may hold its pipes open: what the child itself had to say it has said.
  child.once('exit', () => {
    const cut = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, GRACE_MS);
    child.once('close', () => {
      clearTimeout(cut);
    });
  });
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  // A child that is gone is told by its exit; without this an EPIPE would end the process.
  child.stdin?.on('error', () => undefined);
  return {
    open(events) {
      child.stdout?.on('data', (chunk: Buffer) => {
        try {
          for (const line of splitter.push(chunk)) events.message(line);
        } catch {
          group.end();
        }
      });
      child.once('close', (code, signal) => {
        events.close(`${command} ended with ${signal ?? String(code)}`);
      });
    },
    send(json) {
      if (child.stdin?.writable) child.stdin.write(encodeLine(json));
    },
    close() {
      child.stdin?.end();
      setTimeout(() => {
        group.end();
      }, GRACE_MS).unref();
    },
  };
}
