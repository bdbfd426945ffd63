import {
  LIST_MEMBERS,
  McpError,
  META,
  Payload,
  resultReply,
  type Handler,
  type JsonObject,
  type ListMethod,
} from '@org/mcp-sdk';
import type { Catalog, Missing } from '../catalog/catalog.ts';

/** `_meta` key under which an answer says which upstreams it lacks. */
export const MISSING_META = 'org.mcp-gateway/missing';

/** What the lists are signed with. */
export interface ListsOptions {
  readonly catalog: Catalog;
  readonly info: JsonObject;
}

/** Answers the list methods from the catalog. */
export function createLists({ catalog, info }: ListsOptions): Handler {
  return async (call) => {
    const method = call.method as ListMethod;
    if (call.params.value.cursor !== undefined)
      throw new McpError('invalid_params', 'The cursor is not one of this gateway: its lists have one page.');
    const { list, missing } = await catalog.view(method);
    const ttlMs = missing.length > 0 || !Number.isFinite(list.ttlMs) ? 0 : list.ttlMs;
    const scope = list.isPublic && missing.length === 0 ? 'public' : 'private';
    const head = `{"resultType":"complete","${LIST_MEMBERS[method]}":[${list.json}],"ttlMs":${ttlMs},"cacheScope":"${scope}"`;
    return resultReply(Payload.json(`${head},"_meta":${JSON.stringify(metaOf(info, missing))}}`), () => 'complete');
  };
}

/** `_meta` of an answer that the gateway makes itself. */
export const metaOf = (info: JsonObject, missing: readonly Missing[]): JsonObject => ({
  [META.serverInfo]: info,
  ...(missing.length > 0 ? { [MISSING_META]: missing } : {}),
});
