/** When a public name carries the name of its upstream. */
export type Naming = 'always' | 'conflict' | 'never';

/** Longest name that clients accept. */
const MAX_LENGTH = 64;

/** Gives public names, and never takes one back. */
export interface NameTable {
  /**
   * The public name of what `upstream` calls `name`; the same whenever asked.
   * @param kind - tools and prompts have names of their own
   * @returns undefined when the name is taken and `naming` is `never`
   */
  publicName(kind: string, upstream: string, name: string): string | undefined;
}

interface Target {
  readonly upstream: string;
  readonly name: string;
}

/**
 * Creates a table of public names: `{upstream}_{name}` within 64 characters, cut with a hash where it is longer.
 *
 * @remarks Names are sticky: whoever had a name first keeps it while the gateway lives. Where prefix and name of two
 * upstreams run together (`git` with `hub_token`, `git_hub` with `token`), the longer prefix has the plain name, whoever
 * is read first; of two with the same prefix, the one configured first. Plain names without prefix (`conflict`, `never`)
 * belong to the first to be read.
 * @param upstreams - all of them, in the order in which they are configured
 */
export function createNameTable(naming: Naming, upstreams: readonly string[] = []): NameTable {
  const names = new Map<string, string>();
  const owners = new Map<string, string>();

  const claim = (kind: string, owner: string, candidates: readonly string[]): string | undefined => {
    for (const candidate of candidates) {
      const key = `${kind}\0${candidate}`;
      if ((owners.get(key) ?? owner) !== owner) continue;
      owners.set(key, owner);
      return candidate;
    }
    return undefined;
  };

  return {
    publicName(kind, upstream, name) {
      const owner = JSON.stringify([kind, upstream, name]);
      const known = names.get(owner);
      if (known !== undefined) return known;
      const given = claim(kind, owner, candidatesFor(naming, { upstream, name }, upstreams));
      if (given !== undefined) names.set(owner, given);
      return given;
    },
  };
}

const prefixOf = (upstream: string): string => `${upstream.replaceAll(/[^A-Za-z0-9_-]/g, '_')}_`;

/** Whether another upstream has a better right to a name: a longer prefix that fits, or the same one before it. */
function belongsToOther(prefixed: string, upstream: string, upstreams: readonly string[]): boolean {
  const own = prefixOf(upstream);
  const index = upstreams.indexOf(upstream);
  return upstreams.some((other, otherIndex) => {
    const prefix = prefixOf(other);
    if (prefix === own) return otherIndex < index;
    return prefix.length > own.length && prefixed.startsWith(prefix);
  });
}

/** Names that a target may have, the best first. */
function candidatesFor(naming: Naming, { upstream, name }: Target, upstreams: readonly string[]): string[] {
  if (naming === 'never') return [name];
  const prefixed = prefixOf(upstream) + name;
  const plain = prefixed.length <= MAX_LENGTH && !belongsToOther(prefixed, upstream, upstreams);
  const identity = `${upstream}\0${name}`;
  // Hashes of 32 bits collide one day; without a second one the target could not be called.
  const hashed = [identity, `${identity}\0`].map((text) => withHash(prefixed, text));
  return [...(naming === 'conflict' ? [name] : []), ...(plain ? [prefixed] : []), ...hashed];
}

/** Cuts a name and ends it with eight characters that tell it from others that start alike. */
const withHash = (name: string, identity: string): string => `${name.slice(0, MAX_LENGTH - 9)}_${fnv1a(identity)}`;

/** FNV-1a, 32 bits: names need to differ, not to be secret. @see https://www.rfc-editor.org/rfc/rfc9923 */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
