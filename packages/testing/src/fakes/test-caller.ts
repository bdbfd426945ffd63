import {
  createCall,
  errorReply,
  RemoteError,
  type CallOptions,
  type Handler,
  type JsonObject,
  type Reply,
  type Result,
} from '@org/mcp-sdk';

/** A notification that came before the end of a reply. */
export interface Notification {
  readonly method: string;
  readonly params: JsonObject;
}

/** What a call was answered with. */
export interface Answer {
  readonly result: Result;
  /** In order. Progress comes only with `progressToken`, logs only with `logLevel` among the options of the call. */
  readonly notifications: readonly Notification[];
}

/** Calls a server without a transport. Every method rejects with a `RemoteError` when the answer is an error. */
export interface TestCaller {
  /** Makes any call, e.g. `call('resources/read', { uri })`. */
  call(method: string, params?: JsonObject, options?: CallOptions): Promise<Answer>;
  /** Calls a tool. A tool error is an answer: `result.isError`. */
  callTool(name: string, args?: JsonObject, options?: CallOptions): Promise<Answer>;
  /** Lists the tools of all pages. */
  listTools(): Promise<JsonObject[]>;
}

/**
 * Makes a caller of a handler, or of what has one: a built server, a gateway.
 *
 * @remarks It calls as a modern client does and takes errors as a client sees them: whether a handler throws or answers
 * with an error makes no difference. To test with a real client, connect it with `createFakeServer(…).connect()` or
 * the `connect()` of a server or gateway.
 * @param defaults - options of every call; those of a call win
 */
export function createTestCaller(
  server: Handler | { readonly handler: Handler },
  defaults: CallOptions = {},
): TestCaller {
  const handler = typeof server === 'function' ? server : server.handler;
  const call: TestCaller['call'] = async (method, params = {}, options = {}) =>
    readAnswer(await handler(createCall(method, params, { ...defaults, ...options })).catch(errorReply));
  return {
    call,
    callTool: (name, args = {}, options = {}) => call('tools/call', { name, arguments: args }, options),
    async listTools() {
      const tools: JsonObject[] = [];
      let cursor: unknown;
      do {
        const { result } = await call('tools/list', cursor === undefined ? {} : { cursor });
        tools.push(...(result.tools as JsonObject[]));
        cursor = result.nextCursor;
      } while (cursor !== undefined);
      return tools;
    },
  };
}

async function readAnswer(reply: Reply): Promise<Answer> {
  const notifications: Notification[] = [];
  for await (const message of reply.messages()) {
    if (message.kind === 'notification') notifications.push({ method: message.method, params: message.params.value });
    else if (message.kind === 'error') throw new RemoteError(message.error.value);
    else return { result: message.result.value, notifications };
  }
  throw new RemoteError({ code: -32603, message: 'The reply ended without a result.' });
}
