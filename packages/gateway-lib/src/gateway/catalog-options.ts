import { isJsonObject, type JsonObject } from '@org/mcp-sdk';
import { MAX_NAME, markOf, prefixOf, RESERVED_PREFIX, type NameRecord, type Naming } from '../catalog/names.ts';
import type { UriConflicts } from '../catalog/catalog-view.ts';
import type { EntryOverrides, NamedOverrides, UpstreamOverrides } from '../catalog/overrides.ts';
import { createSelector, type Selection } from '../catalog/selection.ts';
import { isStrings, type Check } from './check.ts';

/** What is offered of an upstream. A mere array is what to include. */
export interface OfferOptions {
  /** @defaultValue all tools, as the upstream describes them */
  tools?: readonly string[] | NamedOverrides;
  /** @defaultValue all prompts, as the upstream describes them */
  prompts?: readonly string[] | NamedOverrides;
  /** Resources and their templates, by URI. @defaultValue all, as the upstream describes them */
  resources?: readonly string[] | EntryOverrides;
}

/** How what upstreams offer becomes one catalog. */
export interface CatalogSettings {
  /**
   * When public names carry the name of their upstream. With `conflict` and `never` the first upstream to be read keeps
   * a name that several have, and which one that is may differ from start to start: keep `gateway.names()` and give it
   * as `names`.
   * @defaultValue `always`: names do not depend on who answers first
   */
  naming?: Naming;
  /** Names that stay: what `gateway.names()` of an earlier gateway said. @defaultValue none */
  names?: NameRecord;
  /**
   * What is done where several upstreams have the same URI, or templates that describe it equally well: `first` takes
   * the one that stands first in `upstreams`, `namespaced` marks the URIs of the others as
   * `mcp.{upstream}+{uri}`, `error` offers it to nobody.
   * @defaultValue `first`
   */
  resources?: UriConflicts;
  /** Entries of one page of a list, at most; a page is also at an end after 4 MiB. From 1. @defaultValue 1_000: many clients read the first page only */
  pageSize?: number;
}

/** {@link CatalogSettings} with nothing left open. */
export interface ResolvedCatalogSettings {
  readonly naming: Naming;
  readonly names: NameRecord;
  readonly renames: NameRecord;
  readonly resources: UriConflicts;
  readonly pageSize: number;
}

/** Completes what is said of the catalog. @param upstreams - by name, with what is offered of each */
export function resolveCatalog(
  options: CatalogSettings,
  upstreams: ReadonlyMap<string, UpstreamOverrides>,
  check: Check,
): ResolvedCatalogSettings {
  const { pageSize = 1_000 } = options;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1) check.fault('pageSize', pageSize, 'an integer from 1');
  const resolved = {
    naming: check.oneOf('naming', options.naming ?? 'always', ['always', 'conflict', 'never']),
    names: resolveNames(options.names, check),
    resources: check.oneOf('resources', options.resources ?? 'first', ['first', 'namespaced', 'error']),
    pageSize,
  };
  for (const name of upstreams.keys()) checkUpstreamName(name, resolved.naming, check);
  if (resolved.resources === 'namespaced') checkMarks([...upstreams.keys()], check);
  return { ...resolved, renames: collectRenames(upstreams, resolved.names, check) };
}

function checkUpstreamName(name: string, naming: Naming, check: Check): void {
  if (name.trim() === '') check.fault('upstreams', name, 'a name that is not empty');
  else if (prefixOf(name) === RESERVED_PREFIX) check.fault('upstreams', name, "a name that is not the gateway's own");
  else if (naming !== 'never' && !/[A-Za-z0-9]/.test(name))
    check.fault('upstreams', name, 'a name with a letter or digit (A-Z, a-z, 0-9), as public names begin with it');
}

function checkMarks(upstreams: readonly string[], check: Check): void {
  const marks = new Map<string, string>();
  for (const upstream of upstreams) {
    const other = marks.get(markOf(upstream));
    if (other !== undefined)
      check.fault(
        'upstreams',
        upstream,
        `a name that marks URIs otherwise than "${other}" does (${markOf(upstream)}+)`,
      );
    marks.set(markOf(upstream), upstream);
  }
}

function resolveNames(names: unknown, check: Check): NameRecord {
  if (names === undefined) return {};
  if (!isJsonObject(names)) {
    check.kind('names', names, 'what gateway.names() returned');
    return {};
  }
  for (const [kind, targets] of Object.entries(names)) {
    if (!isJsonObject(targets)) check.kind(`names.${kind}`, targets, 'an object of targets by public name');
    const wrong = Object.entries(isJsonObject(targets) ? targets : {}).filter(([, target]) => !isTarget(target));
    for (const [name, target] of wrong)
      check.kind(`names.${kind}.${name}`, target, 'an object with "upstream" and "name"');
  }
  return names as NameRecord;
}

const isTarget = (target: unknown): boolean =>
  isJsonObject(target) && typeof target.upstream === 'string' && typeof target.name === 'string';

/** Names that are given: each may be given once, and not be another's already. */
function collectRenames(
  upstreams: ReadonlyMap<string, UpstreamOverrides>,
  names: NameRecord,
  check: Check,
): NameRecord {
  const collect = (kind: 'tools' | 'prompts'): NameRecord[string] => {
    const given = new Map(Object.entries(names[kind] ?? {}));
    const renames = new Map<string, { upstream: string; name: string }>();
    for (const [upstream, overrides] of upstreams)
      for (const [name, publicName] of Object.entries(overrides[kind].rename ?? {})) {
        const owner = renames.get(publicName) ?? given.get(publicName);
        if (owner && (owner.upstream !== upstream || owner.name !== name))
          check.fault(
            `upstreams.${upstream}.${kind}.rename.${name}`,
            publicName,
            `a name that is not "${owner.name}" of "${owner.upstream}" already`,
          );
        renames.set(publicName, { upstream, name });
      }
    return Object.fromEntries(renames);
  };
  return { tools: collect('tools'), prompts: collect('prompts') };
}

/** Completes what is offered of an upstream. */
export function resolveOffer(path: string, offer: OfferOptions, check: Check): UpstreamOverrides {
  return {
    tools: resolveOverrides(`${path}.tools`, offer.tools, { check, renames: true }),
    prompts: resolveOverrides(`${path}.prompts`, offer.prompts, { check, renames: true }),
    resources: resolveOverrides(`${path}.resources`, offer.resources, { check, renames: false }),
  };
}

interface OverrideChecks {
  readonly check: Check;
  /** Whether it has names of its own, unlike URIs. */
  readonly renames: boolean;
}

function resolveOverrides(path: string, value: unknown, { check, renames }: OverrideChecks): NamedOverrides {
  const keys = ['include', 'exclude', 'describe', ...(renames ? ['rename'] : [])];
  const given = checkObject(path, value, { keys, check });
  const selection = selectionOf(path, given, check);
  checkDescriptions(`${path}.describe`, given.describe, check);
  const described = isJsonObject(given.describe) ? { describe: given.describe as EntryOverrides['describe'] & {} } : {};
  const renamed = renames ? renamesOf(`${path}.rename`, given.rename, { check, selection }) : {};
  return { ...selection, ...described, ...(Object.keys(renamed).length > 0 ? { rename: renamed } : {}) };
}

/** Completes which entries are meant. A mere array is what to include. */
export function resolveSelection(path: string, value: unknown, check: Check): Selection {
  return selectionOf(path, checkObject(path, value, { keys: ['include', 'exclude'], check }), check);
}

function checkObject(path: string, value: unknown, { keys, check }: { keys: string[]; check: Check }): JsonObject {
  if (value === undefined) return {};
  if (Array.isArray(value)) return { include: value };
  const allowed = `an array of names, or an object of ${keys.join(', ')}`;
  if (!isJsonObject(value)) check.kind(path, value, allowed);
  const given = isJsonObject(value) ? value : {};
  for (const key of Object.keys(given)) if (!keys.includes(key)) check.kind(`${path}.${key}`, given[key], allowed);
  return given;
}

function selectionOf(path: string, { include, exclude }: JsonObject, check: Check): Selection {
  for (const [key, patterns] of Object.entries({ include, exclude }))
    if (patterns !== undefined && !(isStrings(patterns) && patterns.every((pattern) => pattern !== '')))
      check.kind(`${path}.${key}`, patterns, 'an array of names, in which * stands for any characters');
  return { ...(isStrings(include) ? { include } : {}), ...(isStrings(exclude) ? { exclude } : {}) };
}

function checkDescriptions(path: string, describe: unknown, check: Check): void {
  if (describe === undefined) return;
  if (!isJsonObject(describe)) check.kind(path, describe, 'an object by name');
  else
    for (const [name, value] of Object.entries(describe))
      if (!isDescription(value)) check.kind(`${path}.${name}`, value, 'an object with a title, a description or both');
}

const isDescription = (value: unknown): boolean =>
  isJsonObject(value) &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(([key, text]) => ['title', 'description'].includes(key) && typeof text === 'string');

function renamesOf(
  path: string,
  rename: unknown,
  { check, selection }: { check: Check; selection: Selection },
): Record<string, string> {
  if (rename === undefined) return {};
  if (!isJsonObject(rename)) {
    check.kind(path, rename, 'an object of public names by name');
    return {};
  }
  const selector = createSelector(selection);
  const renames = new Map<string, string>();
  for (const [name, publicName] of Object.entries(rename)) {
    if (!isPublicName(publicName)) check.fault(`${path}.${name}`, publicName, PUBLIC_NAMES);
    else if (!selector.selects(name)) check.fault(`${path}.${name}`, publicName, 'only for a name that is included');
    else renames.set(name, publicName);
  }
  return Object.fromEntries(renames);
}

const PUBLIC_NAMES = `1 to ${MAX_NAME} characters of A-Z, a-z, 0-9, "_", "-" and ".", not beginning with "${RESERVED_PREFIX}"`;

const isPublicName = (name: unknown): name is string =>
  typeof name === 'string' &&
  name.length <= MAX_NAME &&
  /^[A-Za-z0-9_.-]+$/.test(name) &&
  !name.startsWith(RESERVED_PREFIX);
