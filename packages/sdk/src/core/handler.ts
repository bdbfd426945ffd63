import type { Call } from './call.ts';
import type { Reply } from './reply.ts';

/**
 * A server: answers one call.
 *
 * @remarks The promise resolves when the first message is known. It rejects only with an `McpError`-able value; every
 * edge turns a rejection into an error reply.
 */
export type Handler<C extends Call = Call> = (call: C) => Promise<Reply>;

/**
 * Wraps a handler. `Out` is what the wrapper has added to the call by the time `next` sees it.
 *
 * @remarks `next` may be called more than once: retry and hedging are middleware like any other.
 */
export type Middleware<In extends Call = Call, Out extends In = In> = (next: Handler<Out>) => Handler<In>;

/** Makes one middleware of several; the first listed runs first. Built once, so a call pays nothing for it. */
export const compose =
  <C extends Call>(layers: readonly Middleware<C>[]): Middleware<C> =>
  (next) =>
    layers.reduceRight((inner, layer) => layer(inner), next);
