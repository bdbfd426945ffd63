import { abortedBy, always, createFault, type Fault } from './fault.ts';

/** Never answers: a call ends only when its caller aborts it, and never reaches what is wrapped. */
export const hang = (): Fault =>
  createFault(
    always,
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        const onAbort = (): void => {
          reject(abortedBy(signal));
        };
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      }),
  );
