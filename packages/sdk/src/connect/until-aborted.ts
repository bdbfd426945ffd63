import { McpError } from '../core/errors.ts';

/** Waits for `work`, which others wait for too, as long as whoever owns `signal` does. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(McpError.from(signal.reason));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).then(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
