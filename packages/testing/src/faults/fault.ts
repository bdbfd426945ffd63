import { McpError, type Call, type Handler, type Reply } from '@org/mcp-sdk';

/**
 * A middleware that makes something go wrong, the same way in every run.
 *
 * @remarks It fits wherever middleware does: `MCPServerBuilder.use`, `use` of a gateway or of a fake server. On a server
 * it sees `server/discover` and lists, too; narrow it with {@link onlyWhen}.
 */
export interface Fault {
  <C extends Call>(next: Handler<C>): Handler<C>;
  /** Calls seen. */
  readonly calls: number;
  /** Calls that something was done to. */
  readonly injected: number;
}

/** What a fault does to one call; it may answer without `next`. */
export type Inject = <C extends Call>(call: C, next: Handler<C>) => Promise<Reply>;

/**
 * Makes a fault.
 * @param applies - told the number of the call, from 1; decides whether this one is hit
 */
export function createFault(applies: (ordinal: number) => boolean, inject: Inject): Fault {
  let calls = 0;
  let injected = 0;
  const middleware =
    <C extends Call>(next: Handler<C>): Handler<C> =>
    async (call) => {
      calls += 1;
      if (!applies(calls)) return next(call);
      injected += 1;
      return inject(call, next);
    };
  return Object.defineProperties(middleware, {
    calls: { get: () => calls },
    injected: { get: () => injected },
  }) as typeof middleware & { readonly calls: number; readonly injected: number };
}

/** Applies to every call. */
export const always = (): boolean => true;

/** What a call that was aborted while it waited rejects with. */
export const abortedBy = (signal: AbortSignal): McpError =>
  signal.reason instanceof McpError
    ? signal.reason
    : new McpError('cancelled', 'The call was cancelled.', { cause: signal.reason });
