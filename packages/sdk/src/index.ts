export {
  createCall,
  type Call,
  type CallOptions,
  type ClientIdentity,
  type Principal,
  type RequestId,
} from './core/call.ts';
export { systemClock, type Clock } from './core/clock.ts';
export { ERROR_TABLE, McpError, type ErrorCode, type RpcError } from './core/errors.ts';
export { compose, type Handler, type Middleware } from './core/handler.ts';
export { isJsonObject, type JsonObject, type JsonValue } from './core/json.ts';
export { classOf, isListMethod, LIST_MEMBERS, type ListMethod, type MethodClass } from './core/methods.ts';
export type { CallToolResult, GetPromptResult, ReadResourceResult, ToolAnnotations } from './core/official-types.ts';
export { Payload, type Member, type ParamsSpans, type Span } from './core/payload.ts';
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
export { silentTelemetry, type Fact, type Severity, type Telemetry } from './core/telemetry.ts';
export type { EdgeLimits, EdgeOptions } from './serve/edge.ts';
export type { InMemoryTransport } from './serve/in-memory.ts';
export type { HttpListener, ListenOptions, NodeHandler, NodeRequestLike, NodeResponseLike } from './serve/listener.ts';
export { MCPServerBuilder, type ServerOptions } from './server/builder.ts';
export type { CallContext } from './server/context.ts';
export type { PromptDefinition, PromptReturn } from './server/prompts.ts';
export type { ResourceDefinition, ResourceReturn } from './server/resources.ts';
export { MCPServer } from './server/server.ts';
export type { ToolDefinition, ToolReturn } from './server/tools.ts';
export type { Infer, Schema, SchemaDescription, SchemaIssue, SchemaResult } from './validation/schema.ts';
