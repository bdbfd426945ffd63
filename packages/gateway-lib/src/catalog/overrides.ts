import type { JsonObject, ListMethod } from '@org/mcp-sdk';
import { membersOf } from '@org/mcp-sdk/wire';
import type { Entry } from './entry.ts';
import { createSelector, isExact, type Selection, type Selector } from './selection.ts';

/** What callers read of an entry in place of what its upstream says. */
export interface Description {
  title?: string;
  description?: string;
}

/** What is changed of a list of one upstream. All names and URIs in it are those of the upstream. */
export interface EntryOverrides extends Selection {
  /** By name or URI; no patterns. @defaultValue `{}` */
  describe?: Readonly<Record<string, Description>>;
}

/** {@link EntryOverrides} with public names. */
export interface NamedOverrides extends EntryOverrides {
  /** Public names by name; they are used as they are, without the name of the upstream. @defaultValue `{}` */
  rename?: Readonly<Record<string, string>>;
}

/** What is changed of each kind of one upstream. */
export interface UpstreamOverrides {
  readonly tools: NamedOverrides;
  readonly prompts: NamedOverrides;
  /** Of resources and their templates. */
  readonly resources: EntryOverrides;
}

/** No changes. */
export const NO_OVERRIDES: UpstreamOverrides = { tools: {}, prompts: {}, resources: {} };

/** Applies what is changed of one list. */
export interface Curator {
  readonly selector: Selector;
  /** The entries that are left, as they are described. */
  curate(entries: readonly Entry[]): readonly Entry[];
  /** Names that the configuration speaks of and that none of these entries has. */
  unmatched(entries: readonly Entry[]): readonly string[];
}

const KIND = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
} as const satisfies Record<ListMethod, keyof UpstreamOverrides>;

/** Compiles what is changed of a list. */
export function createCurator(overrides: UpstreamOverrides, method: ListMethod): Curator {
  const own: NamedOverrides = overrides[KIND[method]];
  const selector = createSelector(own);
  const described = new Map(Object.entries(own.describe ?? {}));
  const named = [...(own.include ?? []), ...(own.exclude ?? []), ...described.keys(), ...Object.keys(own.rename ?? {})];
  const exact = [...new Set(named)].filter(isExact);
  return {
    selector,
    curate: (entries) =>
      entries.flatMap((entry) => {
        if (!selector.selects(entry.key)) return [];
        const description = described.get(entry.key);
        return [description ? describe(entry, description) : entry];
      }),
    unmatched(entries) {
      if (exact.length === 0) return [];
      const keys = new Set(entries.map(({ key }) => key));
      return exact.filter((name) => !keys.has(name));
    },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sets members of an entry; the others keep their bytes. */
function describe(entry: Entry, { title, description }: Description): Entry {
  const changes: JsonObject = {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
  const spans = membersOf(entry.json);
  const kept = [...spans].filter(([key]) => !Object.hasOwn(changes, key));
  const members = [
    ...kept.map(([key, { start, end }]) => `${JSON.stringify(key)}:${decoder.decode(entry.json.subarray(start, end))}`),
    ...Object.entries(changes).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`),
  ];
  const json = encoder.encode(`{${members.join(',')}}`);
  const [member] = [...spans].find(([, { start }]) => start === entry.at.start) ?? [];
  return { ...entry, json, at: membersOf(json).get(member ?? '') ?? entry.at };
}
