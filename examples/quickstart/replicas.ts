import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './cleanup.ts';

/** How long a replica may take to end by itself. Unit: ms. */
const GRACE_MS = 2_000;

/** Starts `count` replicas of the weather server. @returns the URL of each */
export function startReplicas(count: number, cleanup: Cleanup): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => startReplica(String(index + 1), cleanup)));
}

async function startReplica(name: string, cleanup: Cleanup): Promise<string> {
  const file = fileURLToPath(new URL('replica.ts', import.meta.url));
  // Standard output belongs to the host.
  const child = fork(file, [name], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const url = urlOf(child);
  cleanup.defer(() => end(child));
  return url;
}

function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: { readonly url: string }) => {
      resolve(message.url);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`A weather replica ended with ${signal ?? `code ${String(code)}`} before it was ready.`));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  if (child.connected) child.disconnect();
  await ended;
  clearTimeout(kill);
}
