import type { ChildProcess } from 'node:child_process';

/** Whether a child leads a process group of its own. Windows has none: there a child is signalled alone. */
export const HAS_GROUPS = process.platform !== 'win32';

/** How long a group has to end once it was sent SIGTERM. Unit: ms. */
const GRACE_MS = 1_000;

/**
 * A child and what it starts: they end together, with this process at the latest.
 *
 * @remarks A group of its own is not the terminal's, so that Ctrl-C does not reach it: signals are passed on.
 */
export class ChildGroup {
  readonly #child: ChildProcess;
  #kill: ReturnType<typeof setTimeout> | undefined;

  /** @param child - running, and `detached` where there are groups */
  constructor(child: ChildProcess) {
    this.#child = child;
    keep(this);
    child.once('exit', () => {
      // What it started and left behind.
      if (this.signal(0)) this.end();
      else this.#release();
    });
  }

  /** Sends SIGTERM, and SIGKILL to what is left after a while. */
  end(): void {
    if (this.#kill || !running.has(this)) return;
    this.signal('SIGTERM');
    // A child keeps this process alive; what it left behind need not: it ends with this process.
    this.#kill = setTimeout(() => {
      this.signal('SIGKILL');
      this.#release();
    }, GRACE_MS).unref();
  }

  /** Ends at once what had its time, and asks what had none. */
  endNow(): void {
    this.signal(this.#kill ? 'SIGKILL' : 'SIGTERM');
  }

  /** Signals all of the group; whether anything was there. */
  signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#child;
    if (!HAS_GROUPS || pid === undefined) return this.#child.kill(signal);
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  }

  #release(): void {
    clearTimeout(this.#kill);
    running.delete(this);
    if (running.size > 0) return;
    process.off('exit', endAll);
    for (const signal of FATAL) process.off(signal, passOn);
  }
}

/** One listener for all, for Node warns of the eleventh. */
const running = new Set<ChildGroup>();

const FATAL = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function keep(group: ChildGroup): void {
  running.add(group);
  if (running.size > 1) return;
  process.on('exit', endAll);
  if (HAS_GROUPS) for (const signal of FATAL) listen(signal);
}

const endAll = (): void => {
  for (const group of running) group.endNow();
};

/** First in line: a listener that was to be called once would not be seen any more. */
const listen = (signal: NodeJS.Signals): void => {
  if (!process.listeners(signal).includes(passOn)) process.prependListener(signal, passOn);
};

/** Does what would happen if nobody listened here and the children were in the group of the terminal. */
const passOn = (signal: NodeJS.Signals): void => {
  // Other libraries end the process only if they are the only ones that listen.
  process.off(signal, passOn);
  const isAlone = process.listenerCount(signal) === 0;
  // SIGTERM is sent to one process: whoever listens to it decides what becomes of the children.
  if (isAlone || signal !== 'SIGTERM') for (const group of running) group.signal(signal);
  if (isAlone) process.kill(process.pid, signal);
  else
    setImmediate(() => {
      if (running.size > 0) listen(signal);
    });
};
