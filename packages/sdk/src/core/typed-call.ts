import type {
  CallToolRequestSchema,
  CallToolResultSchema,
  CompleteRequestSchema,
  CompleteResultSchema,
  DiscoverRequestSchema,
  DiscoverResultSchema,
  GetPromptRequestSchema,
  GetPromptResultSchema,
  ListPromptsRequestSchema,
  ListPromptsResultSchema,
  ListResourcesRequestSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesRequestSchema,
  ListResourceTemplatesResultSchema,
  ListToolsRequestSchema,
  ListToolsResultSchema,
  ReadResourceRequestSchema,
  ReadResourceResultSchema,
  SubscriptionsListenRequestSchema,
} from '@modelcontextprotocol/core';
import type { output } from 'zod';
import type { Call } from './call.ts';
import type { Handler } from './handler.ts';
import type { JsonObject } from './json.ts';
import type { Payload } from './payload.ts';
import type { Reply, Result } from './reply.ts';

type ParamsIn<S extends { _zod: { output: unknown } }> =
  output<S> extends { params?: infer P } ? NonNullable<P> : JsonObject;

/** The methods that handlers see, with the shape of their `params` and of their complete result. */
export interface MethodTypes {
  'server/discover': { params: ParamsIn<typeof DiscoverRequestSchema>; result: output<typeof DiscoverResultSchema> };
  'tools/list': { params: ParamsIn<typeof ListToolsRequestSchema>; result: output<typeof ListToolsResultSchema> };
  'tools/call': { params: ParamsIn<typeof CallToolRequestSchema>; result: output<typeof CallToolResultSchema> };
  'prompts/list': { params: ParamsIn<typeof ListPromptsRequestSchema>; result: output<typeof ListPromptsResultSchema> };
  'prompts/get': { params: ParamsIn<typeof GetPromptRequestSchema>; result: output<typeof GetPromptResultSchema> };
  'resources/list': {
    params: ParamsIn<typeof ListResourcesRequestSchema>;
    result: output<typeof ListResourcesResultSchema>;
  };
  'resources/templates/list': {
    params: ParamsIn<typeof ListResourceTemplatesRequestSchema>;
    result: output<typeof ListResourceTemplatesResultSchema>;
  };
  'resources/read': {
    params: ParamsIn<typeof ReadResourceRequestSchema>;
    result: output<typeof ReadResourceResultSchema>;
  };
  'completion/complete': {
    params: ParamsIn<typeof CompleteRequestSchema>;
    result: output<typeof CompleteResultSchema>;
  };
  'subscriptions/listen': { params: ParamsIn<typeof SubscriptionsListenRequestSchema>; result: Result };
}

/** A method of {@link MethodTypes}. */
export type KnownMethod = keyof MethodTypes;

/** What a method's complete result looks like; any JSON object for a method of an extension. */
export type ResultOf<M extends string> = M extends KnownMethod ? MethodTypes[M]['result'] : Result;

/** A call of one known method. */
export interface CallOf<M extends KnownMethod> extends Call {
  readonly method: M;
  readonly params: Payload<JsonObject & MethodTypes[M]['params']>;
}

/** A call whose `method` tells the shape of its `params`. Methods of extensions pass through middleware as well. */
export type KnownCall = { [M in KnownMethod]: CallOf<M> }[KnownMethod];

/** What a middleware goes on with; may be called again. The reply's `result()` has the shape that the method tells. */
export type Next<Out extends Call = Call> = (<K extends Out>(call: K) => Promise<Reply<ResultOf<K['method']>>>) &
  // Never chosen in a call; what `Out` is inferred from when a plain `Middleware` is given.
  Handler<Out>;

/**
 * A middleware with all of its types: `call.method` tells `params` and the result, `Out` is what it adds to the call.
 * Anything typed as a plain `Middleware` is one.
 */
export type TypedMiddleware<In extends Call = Call, Out extends In = In> = (
  next: Next<Out>,
) => (call: In & KnownCall) => Promise<Reply>;
