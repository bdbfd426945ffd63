import { LIST_MEMBERS, type ListMethod } from '@org/mcp-sdk';
import { fnv1a } from './fnv1a.ts';

/** When a public name carries the name of its upstream. */
export type Naming = 'always' | 'conflict' | 'never';

/** Longest name that clients accept. Unit: characters. */
export const MAX_NAME = 64;

/** What begins so is the gateway's own. */
export const RESERVED_PREFIX = 'mcp-gateway_';

/** Whose a public name is, and what it is called there. */
export interface NamedTarget {
  readonly upstream: string;
  /** Name or URI as the upstream knows it. */
  readonly name: string;
}

/** Public names by kind (`tools`, `prompts`, …); the JSON that the option `names` starts from. */
export type NameRecord = Readonly<Record<string, Readonly<Record<string, NamedTarget>>>>;

/** Gives public names, and never takes back one that is in use. */
export interface NameTable {
  /**
   * The public name of what `upstream` calls `name`; the same whenever asked.
   * @param kind - each kind has names of its own
   * @returns undefined when the name is taken and `naming` is `never`
   */
  publicName(kind: string, upstream: string, name: string): string | undefined;
  /** The public URI of what `upstream` calls `uri`, where two must not share one: later ones are marked with their upstream. */
  publicUri(kind: string, upstream: string, uri: string): string;
  /** All names that were given. */
  record(): NameRecord;
}

/** What a table of names starts from. */
export interface NameTableOptions {
  readonly naming: Naming;
  /** All of them, in the order in which they are configured. @defaultValue none */
  readonly upstreams?: readonly string[];
  /** Names of an earlier gateway. @defaultValue none */
  readonly names?: NameRecord;
  /** Names that the configuration gives. @defaultValue none */
  readonly renames?: NameRecord;
}

/**
 * Names that are kept of one upstream and kind, those that are longest out of use forgotten first: a server that makes
 * up new names for ever must not fill the memory.
 */
const MAX_KEPT = 20_000;

/**
 * Creates a table of public names: `{upstream}_{name}` within 64 characters, cut with a hash where it is longer.
 *
 * @remarks Names are sticky: whoever had a name first keeps it. Where prefix and name of two upstreams run together
 * (`git` with `hub_token`, `git_hub` with `token`), the longer prefix has the plain name, whoever is read first; of two
 * with the same prefix, the one configured first. Plain names without prefix (`conflict`, `never`) belong to the first
 * to be read.
 */
export function createNameTable({ naming, upstreams = [], names = {}, renames = {} }: NameTableOptions): NameTable {
  const claims = new Claims();
  const prefixes = new Prefixes(upstreams);
  for (const given of [names, renames])
    for (const [kind, targets] of Object.entries(given))
      for (const [publicName, target] of Object.entries(targets)) claims.give(kind, publicName, target);
  return {
    publicName: (kind, upstream, name) =>
      claims.nameOf(kind, { upstream, name }) ??
      claims.claim(kind, { upstream, name }, candidatesFor(naming, { upstream, name }, prefixes)),
    publicUri: (kind, upstream, name) =>
      claims.nameOf(kind, { upstream, name }) ??
      claims.claim(kind, { upstream, name }, [name, markedUri(upstream, name)]) ??
      markedUri(upstream, name),
    record: () => claims.record(),
  };
}

/** The members under which {@link NameRecord} has the names of a list. */
export const kindOfList = (method: ListMethod): string => LIST_MEMBERS[method];

/** Who has which name, within one kind. */
interface Kind {
  /** By what is taken: a name, or a template whose variables have no names. */
  readonly owners: Map<string, string>;
  /** By upstream, then by its own name; what was asked for last stands last. */
  readonly names: Map<string, Map<string, string>>;
}

class Claims {
  readonly #kinds = new Map<string, Kind>();

  nameOf(kind: string, { upstream, name }: NamedTarget): string | undefined {
    const names = this.#kinds.get(kind)?.names.get(upstream);
    const known = names?.get(name);
    if (!names || known === undefined) return undefined;
    names.delete(name);
    names.set(name, known);
    return known;
  }

  claim(kind: string, target: NamedTarget, candidates: readonly string[]): string | undefined {
    const { owners } = this.#kind(kind);
    const owner = identityOf(target);
    const free = candidates.find((candidate) => (owners.get(slotOf(kind, candidate)) ?? owner) === owner);
    if (free !== undefined) this.give(kind, free, target);
    return free;
  }

  /** Gives a name whoever had it. */
  give(kind: string, publicName: string, target: NamedTarget): void {
    const { owners, names } = this.#kind(kind);
    const own = names.get(target.upstream) ?? new Map<string, string>();
    names.set(target.upstream, own);
    owners.set(slotOf(kind, publicName), identityOf(target));
    own.set(target.name, publicName);
    if (own.size <= MAX_KEPT) return;
    for (const [name, oldest] of own) {
      own.delete(name);
      owners.delete(slotOf(kind, oldest));
      return;
    }
  }

  record(): NameRecord {
    const kinds = [...this.#kinds].map(([kind, { names }]) => [kind, recordOf(names)] as const);
    return Object.fromEntries(kinds);
  }

  #kind(kind: string): Kind {
    let found = this.#kinds.get(kind);
    if (!found) this.#kinds.set(kind, (found = { owners: new Map(), names: new Map() }));
    return found;
  }
}

function recordOf(names: Kind['names']): Readonly<Record<string, NamedTarget>> {
  const entries = [...names].flatMap(([upstream, own]) =>
    [...own].map(([name, publicName]) => [publicName, { upstream, name }] as const),
  );
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

const identityOf = ({ upstream, name }: NamedTarget): string => JSON.stringify([upstream, name]);

/** Two URI templates that differ in the names of their variables describe the same URIs. */
const slotOf = (kind: string, publicName: string): string =>
  kind === TEMPLATES ? publicName.replaceAll(/\{[^{}]*\}/g, '{}') : publicName;

const TEMPLATES = LIST_MEMBERS['resources/templates/list'];

/** A URI that says whose it is: `mcp.{upstream}+{uri}`. Still a URI, or a template. */
export const markedUri = (upstream: string, uri: string): string => `${markOf(upstream)}+${uri}`;

/** What a scheme may hold. @see RFC 3986, section 3.1 */
export const markOf = (upstream: string): string => `mcp.${upstream.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')}`;

/** What public names of an upstream begin with. */
export const prefixOf = (upstream: string): string => `${upstream.replaceAll(/[^A-Za-z0-9_-]/g, '_')}_`;

/** The prefixes of all upstreams: where two run together, one has the better right to a name. */
class Prefixes {
  /** Which upstream has a prefix first. */
  readonly #first = new Map<string, string>();

  constructor(upstreams: readonly string[]) {
    for (const upstream of upstreams.toReversed()) this.#first.set(prefixOf(upstream), upstream);
  }

  /** Whether a name is another's: of one with a longer prefix that fits, or with the same one before it. */
  givesToOther(prefixed: string, upstream: string): boolean {
    const own = prefixOf(upstream);
    if ((this.#first.get(own) ?? upstream) !== upstream) return true;
    for (let at = own.length; (at = prefixed.indexOf('_', at) + 1) > 0;)
      if (this.#first.has(prefixed.slice(0, at))) return true;
    return false;
  }
}

/** Names that a target may have, the best first. */
function candidatesFor(naming: Naming, target: NamedTarget, prefixes: Prefixes): string[] {
  const { upstream, name } = target;
  if (naming === 'never') return name.startsWith(RESERVED_PREFIX) ? [] : [name];
  const prefixed = prefixOf(upstream) + name;
  const plain = fits(prefixed) && !prefixes.givesToOther(prefixed, upstream);
  const identity = `${upstream}\0${name}`;
  // Hashes of 32 bits collide one day; without a second one the target could not be called.
  const hashed = [identity, `${identity}\0`].map((text) => withHash(prefixed, text));
  return [...(naming === 'conflict' && fits(name) ? [name] : []), ...(plain ? [prefixed] : []), ...hashed];
}

const fits = (name: string): boolean => name.length <= MAX_NAME && !name.startsWith(RESERVED_PREFIX);

/** Cuts a name and ends it with eight characters that tell it from others that start alike. */
const withHash = (name: string, identity: string): string => `${name.slice(0, MAX_NAME - 9)}_${fnv1a(identity)}`;
