import type { Origin } from './merged-list.ts';

/** Finds the owner of a URI that no list names. */
export interface TemplateIndex {
  find(uri: string): Origin | undefined;
}

/**
 * Indexes URI templates by the text before their first expression; the longest that a URI starts with owns it.
 *
 * @remarks Enough to route: whether the URI fits the whole template is for the upstream to say.
 */
export function indexTemplates(origins: ReadonlyMap<string, Origin>): TemplateIndex {
  const byPrefix = new Map<string, Origin>();
  const lengths = new Set<number>();
  for (const [template, { upstream }] of origins) {
    const [prefix = ''] = template.split('{', 1);
    if (prefix === '' || byPrefix.has(prefix)) continue;
    byPrefix.set(prefix, { upstream, target: template });
    lengths.add(prefix.length);
  }
  const longestFirst = [...lengths].sort((a, b) => b - a);
  return {
    find(uri) {
      for (const length of longestFirst) {
        const origin = uri.length >= length ? byPrefix.get(uri.slice(0, length)) : undefined;
        if (origin) return { upstream: origin.upstream, target: uri };
      }
      return undefined;
    },
  };
}
