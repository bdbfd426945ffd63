import type { Call, Handler, Middleware } from '@org/mcp-sdk';

/**
 * Narrows a middleware to some calls; the others pass it by.
 *
 * @example
 * ```ts
 * const flaky = onlyWhen((call) => call.method === 'tools/call', failEvery(3));
 * ```
 * @param applies - asked once per call
 */
export const onlyWhen =
  <C extends Call>(applies: (call: C) => boolean, middleware: Middleware<C>): Middleware<C> =>
  (next: Handler<C>) => {
    const wrapped = middleware(next);
    return (call) => (applies(call) ? wrapped(call) : next(call));
  };
