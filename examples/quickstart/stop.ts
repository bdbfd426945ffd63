/** Signals that follow within this time are one: a runner passes on what the terminal has sent already. Unit: ms. */
const ECHO_MS = 300;
/** How often is looked whether npm is still there. Unit: ms. */
const LOOK_EVERY_MS = 500;

/** Resolves when SIGINT (Ctrl-C) or SIGTERM asks to stop. Who asks again does not want to wait: the process ends. */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const ask = (): void => {
      const now = performance.now();
      if (askedAt !== undefined && now - askedAt > ECHO_MS) process.exit(130);
      askedAt ??= now;
      resolve();
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
    if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(resolve);
  });
}

/** npm runs scripts in a shell; a SIGTERM ends npm and the shell, and neither passes it on. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    stop();
  }, LOOK_EVERY_MS);
  look.unref();
}
