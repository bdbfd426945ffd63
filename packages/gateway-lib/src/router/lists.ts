import {
  LIST_MEMBERS,
  META,
  Payload,
  resultReply,
  type Handler,
  type JsonObject,
  type ListMethod,
  type Result,
} from '@org/mcp-sdk';
import type { CatalogView } from '../catalog/catalog-view.ts';
import type { ListHints, Missing } from '../catalog/freshness.ts';
import type { Page } from '../catalog/merged-list.ts';

/** `_meta` key under which an answer says which upstreams it lacks. */
export const MISSING_META = 'org.mcp-gateway/missing';

/** What the lists are signed with. */
export interface ListsOptions {
  readonly catalog: CatalogView;
  readonly info: JsonObject;
}

/** A page as it was written last. */
interface Written {
  readonly tail: string;
  readonly result: Payload<Result>;
}

/** Answers the list methods from the catalog. A page that did not change is the same bytes for all who ask. */
export function createLists({ catalog, info }: ListsOptions): Handler {
  const written = new WeakMap<Page, Written>();
  const signed = JSON.stringify(metaOf(info, []));
  return async (call) => {
    const method = call.method as ListMethod;
    const { page, hints } = await catalog.page(method, call.params.value.cursor);
    const { missing } = hints;
    const tail = tailOf(page, hints, missing.length === 0 ? signed : JSON.stringify(metaOf(info, missing)));
    const known = written.get(page);
    if (known?.tail === tail) return resultReply(known.result, () => 'complete');
    const result = Payload.json<Result>(write(method, page, tail));
    written.set(page, { tail, result });
    return resultReply(result, () => 'complete');
  };
}

function tailOf({ nextCursor }: Page, { ttlMs, isPublic }: ListHints, meta: string): string {
  const next = nextCursor === undefined ? '' : `,"nextCursor":"${nextCursor}"`;
  return `]${next},"ttlMs":${ttlMs},"cacheScope":"${isPublic ? 'public' : 'private'}","_meta":${meta}}`;
}

const encoder = new TextEncoder();

function write(method: ListMethod, { json }: Page, tail: string): Uint8Array {
  const head = encoder.encode(`{"resultType":"complete","${LIST_MEMBERS[method]}":[`);
  const end = encoder.encode(tail);
  const result = new Uint8Array(head.length + json.length + end.length);
  result.set(head);
  result.set(json, head.length);
  result.set(end, head.length + json.length);
  return result;
}

/** `_meta` of an answer that the gateway makes itself. */
export const metaOf = (info: JsonObject, missing: readonly Missing[]): JsonObject => ({
  [META.serverInfo]: info,
  ...(missing.length > 0 ? { [MISSING_META]: missing } : {}),
});
