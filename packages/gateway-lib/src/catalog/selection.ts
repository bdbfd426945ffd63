import { leadsUp, spellingsOf } from './spellings.ts';

/**
 * Which names or URIs are meant. In a pattern `*` stands for any characters, also for none; everything else stands for
 * itself, upper and lower case apart. What is excluded stays out, whatever includes it.
 */
export interface Selection {
  /** @defaultValue everything; `[]` is nothing */
  include?: readonly string[];
  /** @defaultValue nothing */
  exclude?: readonly string[];
}

/** What a {@link Selection} means. */
export interface Selector {
  /** Whether a name, a URI or a template is meant. */
  selects(name: string): boolean;
  /**
   * Whether a URI is meant that no list names. It has to be in each of its spellings: servers see through dot segments
   * and percent encoding.
   * @param isDescribed - whether a template that is meant describes it: then it need not be included itself, unless it
   * leads up from where the template stands
   */
  reaches(uri: string, isDescribed: boolean): boolean;
}

/** Selects everything. */
export const EVERYTHING: Selector = { selects: () => true, reaches: () => true };

/** Compiles a selection. */
export function createSelector({ include, exclude }: Selection): Selector {
  if (!include && !exclude) return EVERYTHING;
  const includes = include ? anyOf(include) : () => true;
  const excludes = anyOf(exclude ?? []);
  return {
    selects: (name) => includes(name) && !excludes(name),
    reaches(uri, isDescribed) {
      const spellings = spellingsOf(uri) ?? [];
      const isOpen = isDescribed && !spellings.some(leadsUp);
      return spellings.length > 0 && spellings.every((name) => (isOpen || includes(name)) && !excludes(name));
    },
  };
}

/** Whether a pattern is a name as it is. */
export const isExact = (pattern: string): boolean => !pattern.includes('*');

function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns.filter(isExact));
  const globs = patterns.filter((pattern) => !isExact(pattern)).map((pattern) => pattern.split('*'));
  return (name) => names.has(name) || globs.some((parts) => matches(parts, name));
}

/** Takes time by the length of the name, whatever the pattern: names come from callers. @param parts - around the `*` */
function matches(parts: readonly string[], name: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  const end = name.length - last.length;
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
