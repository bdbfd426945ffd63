export type { Auth, AuthRequest, AuthResponse } from './auth/auth.ts';
export { MCPClientBuilder, type ClientOptions, type ElicitOptions, type TimeoutOptions } from './client/builder.ts';
export type { CacheOptions } from './client/cache.ts';
export {
  MCPClient,
  type KnownResource,
  type KnownResourceTemplate,
  type ListedPrompt,
  type ListedTool,
  type LogMessage,
  type ProgressUpdate,
  type RequestOptions,
  type ToolCallOptions,
  type ToolResult,
} from './client/client.ts';
export type { ServerConfig } from './client/config.ts';
export type { ListOf } from './client/lists.ts';
export type { ClientRoot, ElicitAnswer, ElicitMode, ElicitRequest, OnElicit, OnSample } from './client/rounds.ts';
export type { Change, ReconnectOptions, Subscription, SubscriptionFilter } from './client/subscription.ts';
export type { HttpTargetOptions, InMemoryServer, StdioTargetOptions, WebSocketTargetOptions } from './client/target.ts';
export type { TaskCalls, TaskInfo } from './client/task-calls.ts';
export { typedClient, type Typed, type TypedClient } from './client/typed-client.ts';
export { writeTypes } from './client/write-types.ts';
export type { FetchLike } from './connect/fetch-client.ts';
export {
  createCall,
  EdgeCall,
  type Call,
  type CallOptions,
  type ClientIdentity,
  type CallerSession,
  type Principal,
  type RequestId,
} from './core/call.ts';
export { abortedBy, Cancellation, onAbort, type AbortListener, type SignalSource } from './core/cancellation.ts';
export { createMemoryBus, type Bus } from './core/bus.ts';
export { systemClock, type Clock } from './core/clock.ts';
export { ERROR_TABLE, McpError, type ErrorCode, type McpErrorOptions, type RpcError } from './core/errors.ts';
export { compose, type Handler, type Middleware } from './core/handler.ts';
export { isJsonObject, type JsonObject, type JsonValue } from './core/json.ts';
export {
  classOf,
  isListMethod,
  isOfProtocol,
  LIST_MEMBERS,
  ROOTS_CHANGED,
  withoutPrefix,
  type ListMethod,
  type MethodClass,
} from './core/methods.ts';
export type {
  Annotations,
  CallToolResult,
  GetPromptResult,
  Icon,
  ReadResourceResult,
  ToolAnnotations,
} from './core/official-types.ts';
export { Payload, type Derivation, type Member, type ParamsSpans, type Span } from './core/payload.ts';
export {
  LEGACY_VERSIONS,
  LOG_LEVELS,
  META,
  MODERN_VERSION,
  MODERN_VERSIONS,
  type Era,
  type LogLevel,
} from './core/protocol.ts';
export { systemRandom, type Random } from './core/random.ts';
export {
  errorReply,
  noReply,
  RemoteError,
  remoteErrorReply,
  resultReply,
  streamReply,
  type ErrorMessage,
  type FinalMessage,
  type Message,
  type NotificationMessage,
  type Outcome,
  type Peek,
  type Reply,
  type ReplyKind,
  type Result,
  type ResultMessage,
} from './core/reply.ts';
export { createMemoryStore, type MemoryStoreLimits, type Store } from './core/store.ts';
export { silentTelemetry, type Fact, type Severity, type Telemetry } from './core/telemetry.ts';
export type {
  CallOf,
  KnownCall,
  KnownMethod,
  MethodTypes,
  Next,
  ResultOf,
  TypedMiddleware,
} from './core/typed-call.ts';
export type { EdgeLimits, EdgeOptions } from './serve/edge.ts';
export type { InMemoryTransport } from './serve/in-memory.ts';
export type {
  HttpListener,
  ListenOptions,
  NodeHandler,
  NodeRequestLike,
  NodeResponseLike,
  SocketServer,
  UpgradeHandler,
} from './serve/listener.ts';
export type { AskOptions, AskOutcome, Asker, UrlOutcome } from './server/ask.ts';
export { MCPServerBuilder, type ToolTypes } from './server/builder.ts';
export type { ServerOptions } from './server/options.ts';
export type { CacheHints } from './server/cache-hints.ts';
export type { Watch } from './server/changes.ts';
export type { Complete, CompletionDefinition, Completions } from './server/completion.ts';
export type { CallContext, Progress } from './server/context.ts';
export { definePrompt, defineResource, defineTool, DEFINED, type Defined } from './server/define.ts';
export type { Log, LogFunction } from './server/log.ts';
export type { Extension } from './server/parts.ts';
export type { AnyPrompt, PromptDefinition, PromptReturn } from './server/prompts.ts';
export type { Root, SampleRequest, SampleResult } from './server/questions.ts';
export type { Entry } from './server/registry.ts';
export type {
  AnyResource,
  AnyTemplate,
  ListedResource,
  ResourceDefinition,
  ResourceOptions,
  ResourceReturn,
  ResourceTemplateDefinition,
} from './server/resources.ts';
export { MCPServer, type Entries, type ResourceEntries } from './server/server.ts';
export type {
  AnyTool,
  ToolDefinition,
  ToolFunction,
  ToolMiddleware,
  ToolReturn,
  UntypedReturn,
} from './server/tools.ts';
export type { Variables, VariablesOf } from './server/uri-template.ts';
export type { Infer, InferInput, Schema, SchemaDescription, SchemaIssue, SchemaResult } from './validation/schema.ts';
