import { parseUriTemplate, type UriTemplate } from '@org/mcp-sdk/wire';
import type { Listed } from './merged-list.ts';

/** Finds whose URIs are that no list names. */
export interface UriIndex {
  /** The templates that describe a URI best, the first upstream's first. */
  describers(uri: string): Describers;
  /** The upstream that alone has URIs of this scheme and authority. */
  ownerOf(uri: string): string | undefined;
}

/** Templates for a URI. */
export interface Describers {
  readonly templates: readonly Listed[];
  /** Whether they do describe it; else it only begins like the one there is. */
  readonly isFitting: boolean;
}

interface Template {
  readonly listed: Listed;
  /** Undefined if it is one that nobody understands but its upstream. */
  readonly parsed: UriTemplate | undefined;
}

/**
 * Indexes resources and templates.
 *
 * @remarks Of the templates that describe a URI, those with the longest text before their first expression are best. If
 * none does, whether it fits is left to the upstream whose template shares most with it.
 */
export function indexUris(resources: Iterable<Listed>, templates: Iterable<Listed>): UriIndex {
  const authorities = new Authorities();
  for (const { key, origin } of resources) authorities.add(key, origin.upstream);
  const byPrefix = new Map<string, Template[]>();
  for (const listed of templates) {
    const [prefix = ''] = listed.key.split('{', 1);
    authorities.add(prefix, listed.origin.upstream);
    if (prefix === '') continue;
    const others = byPrefix.get(prefix) ?? [];
    byPrefix.set(prefix, [...others, { listed, parsed: parsed(listed.key) }]);
  }
  const lengths = new Set([...byPrefix.keys()].map(({ length }) => length));
  const longestFirst = [...lengths].sort((a, b) => b - a);
  const sharing = (uri: string): readonly (readonly Template[])[] =>
    longestFirst.flatMap((length) => {
      const templates = uri.length < length ? undefined : byPrefix.get(uri.slice(0, length));
      return templates ? [templates] : [];
    });
  return {
    describers(uri) {
      const candidates = sharing(uri);
      for (const templates of candidates) {
        const fitting = templates.filter((template) => template.parsed?.match(uri));
        if (fitting.length > 0) return { templates: fitting.map(({ listed }) => listed), isFitting: true };
      }
      return { templates: candidates[0]?.slice(0, 1).map(({ listed }) => listed) ?? [], isFitting: false };
    },
    ownerOf: (uri) => authorities.ownerOf(uri),
  };
}

/** Who has URIs of which scheme and authority. */
class Authorities {
  readonly #owners = new Map<string, Set<string>>();

  add(uri: string, upstream: string): void {
    const authority = authorityOf(uri);
    if (authority === undefined) return;
    const owners = this.#owners.get(authority);
    if (owners) owners.add(upstream);
    else this.#owners.set(authority, new Set([upstream]));
  }

  ownerOf(uri: string): string | undefined {
    const owners = this.#owners.get(authorityOf(uri) ?? '');
    return owners?.size === 1 ? [...owners][0] : undefined;
  }
}

/** Scheme and authority; a template that leaves the authority open has none. @see RFC 3986, section 3 */
function authorityOf(uri: string): string | undefined {
  const [found] = /^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*(?=[/?#]|$))?/i.exec(uri) ?? [];
  return found?.toLowerCase();
}

function parsed(template: string): UriTemplate | undefined {
  try {
    return parseUriTemplate(template);
  } catch {
    return undefined;
  }
}
