import type { Call, Handler, JsonObject } from '@org/mcp-sdk';

/** One call as a {@link CallRecorder} saw it. */
export interface RecordedCall {
  readonly method: string;
  /** The tool or prompt name, or the resource URI. */
  readonly target: string | undefined;
  /** As the server saw them, `_meta` included. */
  readonly params: JsonObject;
}

/** A middleware that changes nothing and remembers every call, in order. */
export interface CallRecorder {
  <C extends Call>(next: Handler<C>): Handler<C>;
  readonly calls: readonly RecordedCall[];
}

/** Makes a {@link CallRecorder} for any server or gateway: `builder.use(recorder)`. */
export function createCallRecorder(): CallRecorder {
  const calls: RecordedCall[] = [];
  const middleware =
    <C extends Call>(next: Handler<C>): Handler<C> =>
    (call) => {
      calls.push({ method: call.method, target: call.target, params: call.params.value });
      return next(call);
    };
  return Object.assign(middleware, { calls });
}
