import type { Call } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { fromBase64Url, toBase64Url } from '../wire/base64.ts';
import type { Catalog } from './catalog.ts';
import type { ListedResource } from './resources.ts';
import type { ServerRuntime } from './runtime.ts';

/** What a list of resources is made of. */
interface ResourceListParts {
  readonly catalog: Catalog;
  readonly runtime: ServerRuntime;
  readonly pageSize: number;
}

/** Where a page begins among what templates list: after a URI of one of them. */
interface Place {
  readonly sequence: number;
  readonly uri: string;
}

/** Answers `resources/list`: fixed resources first, then what the templates list, each in the order of its URIs. */
export async function listResources(call: Call, parts: ResourceListParts): Promise<JsonObject> {
  const { catalog, pageSize } = parts;
  const { cursor } = call.params.value;
  const place = readPlace(cursor);
  const fixed = place ? { entries: [], nextCursor: undefined } : catalog.resources.page(cursor, pageSize);
  if (fixed.nextCursor !== undefined) return { resources: fixed.entries, nextCursor: fixed.nextCursor };
  const resources = [...fixed.entries];
  for (const { sequence, made } of catalog.templates.from(place?.sequence ?? 0)) {
    let uri = sequence === place?.sequence ? place.uri : '';
    for (const entry of after(uri, await listed(call, made.list, parts))) {
      if (resources.length >= pageSize) return { resources, nextCursor: writePlace({ sequence, uri }) };
      resources.push({ ...entry });
      uri = entry.uri;
    }
  }
  return { resources };
}

type List = ((call: Call, runtime: ServerRuntime) => Promise<{ result(): Promise<JsonObject> }>) | undefined;

async function listed(call: Call, list: List, { catalog, runtime }: ResourceListParts): Promise<ListedResource[]> {
  if (!list) return [];
  const { resources } = await (await list(call, runtime)).result();
  // The template has checked its entries; a middleware of its group may answer otherwise.
  const entries = Array.isArray(resources) ? (resources as ListedResource[]) : [];
  return entries.filter(({ uri }) => !catalog.resources.find(uri));
}

/** By URI: a page goes on after the last entry of the one before, also if that is gone by then. */
const after = (uri: string, entries: readonly ListedResource[]): ListedResource[] =>
  entries.filter((entry) => entry.uri > uri).sort((a, b) => (a.uri < b.uri ? -1 : 1));

const writePlace = ({ sequence, uri }: Place): string =>
  toBase64Url(new TextEncoder().encode(JSON.stringify({ sequence, uri })));

/** Undefined if the cursor is not of that kind. */
function readPlace(cursor: unknown): Place | undefined {
  if (typeof cursor !== 'string') return undefined;
  try {
    const place: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(cursor)));
    if (!isJsonObject(place) || typeof place.sequence !== 'number' || typeof place.uri !== 'string') return undefined;
    return { sequence: place.sequence, uri: place.uri };
  } catch {
    return undefined;
  }
}
