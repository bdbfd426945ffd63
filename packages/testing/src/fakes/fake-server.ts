import {
  MCPServerBuilder,
  type CallContext,
  type Handler,
  type HttpListener,
  type InMemoryTransport,
  type JsonObject,
  type ListenOptions,
  type Middleware,
  type PromptReturn,
  type ResourceReturn,
  type Schema,
  type ToolReturn,
} from '@org/mcp-sdk';
import { createCallRecorder, type RecordedCall } from './call-recorder.ts';

/** A tool of a fake server: what it answers, or what works it out. What it throws becomes a tool error. */
export type FakeTool = ToolReturn | ((args: JsonObject, context: CallContext) => ToolReturn | Promise<ToolReturn>);

/** A prompt of a fake server: what it answers, or what works it out. */
export type FakePrompt =
  PromptReturn | ((args: JsonObject, context: CallContext) => PromptReturn | Promise<PromptReturn>);

/** A resource of a fake server: its content, or what works it out. */
export type FakeResource =
  ResourceReturn | ((uri: string, context: CallContext) => ResourceReturn | Promise<ResourceReturn>);

/** What a fake server has. */
export interface FakeServerOptions {
  /** By name. @defaultValue none */
  tools?: Readonly<Record<string, FakeTool>>;
  /** By name. @defaultValue none */
  prompts?: Readonly<Record<string, FakePrompt>>;
  /** By absolute URI. @defaultValue none */
  resources?: Readonly<Record<string, FakeResource>>;
  /** Wraps every call, e.g. with faults; what is listed first runs first. Calls are recorded before. @defaultValue none */
  use?: readonly Middleware[];
  /** @defaultValue `fake` */
  name?: string;
  /** @defaultValue `0.0.0` */
  version?: string;
}

/** A server for tests: a handler, and so an upstream of a gateway (`{ server: fake }`), that remembers its calls. */
export interface FakeServer extends Handler {
  /** Every call that arrived, in order, `server/discover` and lists included. */
  readonly calls: readonly RecordedCall[];
  /** Serves it over HTTP. Node only. @throws McpError `unavailable` if the port cannot be had */
  listen(options?: ListenOptions): Promise<HttpListener>;
  /** A transport for an official client in this process. */
  connect(): InMemoryTransport;
  /** Ends its streams and its listeners. */
  close(): Promise<void>;
}

/** Takes any arguments: a fake decides in its function what it makes of them. */
const anyArguments: Schema<JsonObject> = {
  '~standard': {
    version: 1,
    vendor: 'mcp-testing',
    validate: (value) => ({ value: value as JsonObject }),
    jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
  },
};

/**
 * Makes a server of answers.
 *
 * @remarks It is a real server of the SDK, so what reaches it went through the same code as in production. For schemas,
 * titles or annotations use `MCPServerBuilder` and {@link createCallRecorder}.
 * @example
 * ```ts
 * const fake = createFakeServer({ tools: { ping: 'pong', echo: ({ text }) => String(text) } });
 * ```
 * @throws McpError `invalid_options` if a name or URI is not one
 */
export function createFakeServer(options: FakeServerOptions): FakeServer {
  const { tools = {}, prompts = {}, resources = {}, use = [], name = 'fake', version = '0.0.0' } = options;
  const recorder = createCallRecorder();
  const builder = new MCPServerBuilder({ name, version }).use(recorder);
  for (const middleware of use) builder.use(middleware);
  for (const [tool, answer] of Object.entries(tools))
    builder.addTool({ name: tool, parameters: anyArguments, handler: workedOut(answer) });
  for (const [prompt, answer] of Object.entries(prompts))
    builder.addPrompt({ name: prompt, parameters: anyArguments, handler: workedOut(answer) });
  for (const [uri, content] of Object.entries(resources)) builder.addResource({ uri, handler: workedOut(content) });
  const server = builder.build();
  // A function of its own: the properties must not end up on a handler that somebody else may hold.
  const handler: Handler = (call) => server.handler(call);
  return Object.assign(handler, {
    calls: recorder.calls,
    listen: (where?: ListenOptions) => server.listen(where),
    connect: () => server.connect(),
    close: () => server.close(),
  });
}

type Work<In, Out> = (input: In, context: CallContext) => Out | Promise<Out>;

const workedOut = <In, Out>(answer: Out | Work<In, Out>): Work<In, Out> =>
  typeof answer === 'function' ? (answer as Work<In, Out>) : () => answer;
