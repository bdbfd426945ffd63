import { LIST_MEMBERS, type ListMethod } from '@org/mcp-sdk';
import type { HeaderParam } from '@org/mcp-sdk/wire';
import type { Entry, UpstreamList } from './entry.ts';
import type { NameTable } from './names.ts';

/** Where an entry of a merged list comes from. */
export interface Origin {
  readonly upstream: string;
  /** Name or URI as the upstream knows it. */
  readonly target: string;
  /** Arguments of a tool that HTTP mirrors in headers. @defaultValue none */
  readonly headerParams?: readonly HeaderParam[];
}

/** One list over all upstreams. */
export interface MergedList {
  /** By public name or URI. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The entries as JSON, comma-separated: the inside of the array. */
  readonly json: string;
  readonly ttlMs: number;
  readonly isPublic: boolean;
}

/** A merged list without anything in it. */
export const EMPTY_MERGED: MergedList = { origins: new Map(), json: '', ttlMs: 0, isPublic: false };

const decoder = new TextDecoder();

/**
 * Merges the lists of upstreams in their order. Entries keep their bytes but for the name.
 *
 * @remarks URIs are kept as they are: where two upstreams have the same, the first one is listed.
 */
export function mergeLists(method: ListMethod, lists: ReadonlyMap<string, UpstreamList>, names: NameTable): MergedList {
  const origins = new Map<string, Origin>();
  const parts: string[] = [];
  for (const [upstream, { entries }] of lists) {
    for (const entry of entries) {
      const key = isNamed(method) ? names.publicName(LIST_MEMBERS[method], upstream, entry.key) : entry.key;
      if (key === undefined || origins.has(key)) continue;
      const { headerParams } = entry;
      origins.set(key, { upstream, target: entry.key, ...(headerParams ? { headerParams } : {}) });
      parts.push(key === entry.key ? decoder.decode(entry.json) : renamed(entry, key));
    }
  }
  const all = [...lists.values()];
  return {
    origins,
    json: parts.join(','),
    ttlMs: Math.min(...all.map(({ ttlMs }) => ttlMs)),
    isPublic: all.every(({ isPublic }) => isPublic),
  };
}

const isNamed = (method: ListMethod): boolean => method === 'tools/list' || method === 'prompts/list';

const renamed = ({ json, at }: Entry, name: string): string =>
  decoder.decode(json.subarray(0, at.start)) + JSON.stringify(name) + decoder.decode(json.subarray(at.end));
