import type { Call } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ReadResourceResult } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import { toBase64 } from '../wire/base64.ts';
import { runInContext, type CallContext } from './context.ts';

/** What a resource function may return: text, bytes, or a whole result. */
export type ResourceReturn = string | Uint8Array | ReadResourceResult;

/** A resource, as {@link MCPServerBuilder.addResource} takes it. */
export interface ResourceDefinition {
  /** Absolute URI, unique in the server. */
  uri: string;
  /** @defaultValue the URI */
  name?: string;
  title?: string;
  description?: string;
  mimeType?: string;
  /** Reads the content. */
  handler: (uri: string, context: CallContext) => ResourceReturn | Promise<ResourceReturn>;
}

/** A resource, ready to be listed and read. */
export interface Resource {
  readonly entry: JsonObject;
  read(call: Call): Promise<Reply>;
}

/** Makes a resource of its definition. */
export function createResource(definition: ResourceDefinition): Resource {
  const { uri, handler, name, ...rest } = definition;
  return {
    entry: { uri, name: name ?? uri, ...rest },
    read: (call) => runInContext(call, async (context) => toResult(definition, await handler(uri, context))),
  };
}

function toResult({ uri, mimeType }: ResourceDefinition, returned: ResourceReturn): Result {
  return { resultType: 'complete', ...contentsOf(uri, mimeType, returned), ttlMs: 0, cacheScope: 'private' };
}

function contentsOf(uri: string, mimeType: string | undefined, returned: ResourceReturn): JsonObject {
  if (isJsonObject(returned) && 'contents' in returned) return returned;
  const type = mimeType === undefined ? {} : { mimeType };
  if (typeof returned === 'string') return { contents: [{ uri, ...type, text: returned }] };
  return { contents: [{ uri, ...type, blob: toBase64(returned) }] };
}
