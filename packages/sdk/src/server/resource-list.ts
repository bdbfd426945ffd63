import type { Call } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { Catalog } from './catalog.ts';
import type { ListedResource, ResourceTemplate } from './resources.ts';
import { runFunction } from './run.ts';
import type { ServerRuntime } from './runtime.ts';

/** What a list of resources is made of. */
interface ResourceListParts {
  readonly catalog: Catalog;
  readonly runtime: ServerRuntime;
  readonly pageSize: number;
}

/** Answers `resources/list`: fixed resources by pages, and on the last page what the templates list. */
export async function listResources(call: Call, parts: ResourceListParts): Promise<JsonObject> {
  const { entries, nextCursor } = parts.catalog.resources.page(call.params.value.cursor, parts.pageSize);
  if (nextCursor !== undefined) return { resources: entries, nextCursor };
  const listed = await Promise.all(
    [...parts.catalog.templates.enabled()].map((template) => listBy(call, parts, template)),
  );
  return { resources: [...entries, ...listed.flat()] };
}

async function listBy(
  call: Call,
  { runtime }: ResourceListParts,
  { list, entry }: ResourceTemplate,
): Promise<ListedResource[]> {
  if (!list) return [];
  const label = `list of "${String(entry.uriTemplate)}"`;
  const reply = await runFunction({ ...call, round: 0, progressToken: undefined, logLevel: undefined }, runtime, {
    label,
    run: async (_call, context) => ({ resources: await list(context) }),
  });
  const { resources } = await reply.result();
  return Array.isArray(resources) ? (resources as ListedResource[]) : [];
}
