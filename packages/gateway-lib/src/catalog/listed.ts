import type { ListMethod } from '@org/mcp-sdk';
import type { Entry } from './entry.ts';
import type { Listed } from './merged-list.ts';
import { kindOfList, type NameTable } from './names.ts';

/** How entries get what callers know them by. */
export interface Publishing {
  readonly names: NameTable;
  /** Whether URIs that two upstreams have are told apart by a mark. */
  readonly marksUris: boolean;
}

/** What an upstream lists, as callers see it. */
export interface Published {
  readonly listed: readonly Listed[];
  /** Names that are taken. */
  readonly unnamed: readonly string[];
}

/** Gives the entries of an upstream their public names and URIs. Entries keep their bytes but for those. */
export function publish(
  method: ListMethod,
  upstream: string,
  { entries, names, marksUris }: Publishing & { readonly entries: readonly Entry[] },
): Published {
  const kind = kindOfList(method);
  const publicKey = (key: string): string | undefined => {
    if (isNamed(method)) return names.publicName(kind, upstream, key);
    return marksUris && !isApp(key) ? names.publicUri(kind, upstream, key) : key;
  };
  const listed = new Map<string, Listed>();
  const unnamed: string[] = [];
  for (const entry of entries) {
    const key = publicKey(entry.key);
    if (key === undefined) unnamed.push(entry.key);
    // Of two with one name in an upstream the first is meant.
    else if (!listed.has(key)) listed.set(key, { key, origin: originOf(upstream, entry), json: withKey(entry, key) });
  }
  return { listed: [...listed.values()], unnamed };
}

const isNamed = (method: ListMethod): boolean => method === 'tools/list' || method === 'prompts/list';

/** Hosts know the pages of apps by their scheme. */
export const isApp = (uri: string): boolean => uri.startsWith('ui:');

const originOf = (upstream: string, { key, headerParams }: Entry): Listed['origin'] => ({
  upstream,
  target: key,
  ...(headerParams ? { headerParams } : {}),
});

const encoder = new TextEncoder();

function withKey({ key, json, at }: Entry, publicKey: string): Uint8Array {
  if (key === publicKey) return json;
  const text = encoder.encode(JSON.stringify(publicKey));
  const changed = new Uint8Array(json.length - (at.end - at.start) + text.length);
  changed.set(json.subarray(0, at.start));
  changed.set(text, at.start);
  changed.set(json.subarray(at.end), at.start + text.length);
  return changed;
}
