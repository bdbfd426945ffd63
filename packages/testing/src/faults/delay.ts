import { McpError, systemClock, type Clock } from '@org/mcp-sdk';
import { abortedBy, always, createFault, type Fault } from './fault.ts';

/**
 * Lets every call wait before it goes on; a call that is aborted meanwhile never does.
 *
 * @param ms - from 0
 * @param clock - a fake clock makes the test quick and exact
 * @throws McpError `invalid_options` if `ms` is negative or no number
 */
export function delay(ms: number, clock: Clock = systemClock): Fault {
  if (!(ms >= 0)) throw new McpError('invalid_options', `delay is ${ms}; allowed: 0 or more, in milliseconds.`);
  return createFault(always, async (call, next) => {
    await wait(ms, clock, call.signal);
    return next(call);
  });
}

function wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedBy(signal));
      return;
    }
    const onAbort = (): void => {
      stop();
      reject(abortedBy(signal));
    };
    const stop = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
