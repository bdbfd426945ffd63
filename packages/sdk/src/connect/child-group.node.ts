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
  readonly #isDrained: boolean;
  #kill: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param child - running, and `detached` where there are groups
   * @param isDrained - whether interruptions that somebody here listens to are not passed on: the child is ended by who does
   */
  constructor(child: ChildProcess, isDrained: boolean) {
    this.#child = child;
    this.#isDrained = isDrained;
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

  /** Passes on a signal that ends this process, or (SIGINT, SIGHUP) interrupts it. */
  passOn(signal: NodeJS.Signals, isFatal: boolean): void {
    // SIGTERM is sent to one process: whoever listens to it decides what becomes of the children.
    if (isFatal || (signal !== 'SIGTERM' && !this.#isDrained)) this.signal(signal);
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
    process.off('exit', killAll);
    for (const signal of FATAL) process.off(signal, passOn);
  }
}

/** One listener for all, for Node warns of the eleventh. */
const running = new Set<ChildGroup>();

const FATAL = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function keep(group: ChildGroup): void {
  running.add(group);
  if (running.size > 1) return;
  process.on('exit', killAll);
  if (HAS_GROUPS) for (const signal of FATAL) listen(signal);
}

/** Nothing is left to end those that a milder signal would not. */
const killAll = (): void => {
  for (const group of running) group.signal('SIGKILL');
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
  for (const group of running) group.passOn(signal, isAlone);
  if (isAlone) process.kill(process.pid, signal);
  else
    setImmediate(() => {
      if (running.size > 0) listen(signal);
    });
};
