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

/**
 * Creates a table of public names: `{upstream}_{name}` within 64 characters, cut with a hash where it is longer.
 *
 * @remarks Names are sticky: whoever had a name first keeps it, so adding an upstream renames nothing.
 */
export function createNameTable(naming: Naming): NameTable {
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
      const given = claim(kind, owner, candidatesFor(naming, upstream, name));
      if (given !== undefined) names.set(owner, given);
      return given;
    },
  };
}

function candidatesFor(naming: Naming, upstream: string, name: string): string[] {
  if (naming === 'never') return [name];
  const prefixed = `${upstream.replaceAll(/[^A-Za-z0-9_-]/g, '_')}_${name}`;
  const long = prefixed.length > MAX_LENGTH;
  const identity = `${upstream}\0${name}`;
  // Hashes of 32 bits collide one day; without a second one the target could not be called.
  const hashed = [identity, `${identity}\0`].map((text) => withHash(prefixed, text));
  return [...(naming === 'conflict' ? [name] : []), ...(long ? [] : [prefixed]), ...hashed];
}

/** Cuts a name and ends it with eight characters that tell it from others that start alike. */
const withHash = (name: string, identity: string): string => `${name.slice(0, MAX_LENGTH - 9)}_${fnv1a(identity)}`;

/** FNV-1a, 32 bits: names need to differ, not to be secret. @see https://www.rfc-editor.org/rfc/rfc9923 */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
