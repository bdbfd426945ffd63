/** A URI that can be read in more ways than this is none that anybody needs. */
const MAX_SPELLINGS = 32;

/** Longer URIs are not looked at: each spelling is read whole. Unit: characters. As long as templates may describe. */
const MAX_URI = 8_192;

/**
 * All that servers may read in a URI: decoded as often as it can be, with and without dot segments and empty ones.
 *
 * @remarks Each way is taken from each spelling, for what one hides another shows: decoded, `%3F` ends a path whose dot
 * segments count when it is not.
 * @returns undefined if there are too many, or it is too long
 */
export function spellingsOf(uri: string): readonly string[] | undefined {
  if (uri.length > MAX_URI) return undefined;
  const found = new Set([uri]);
  for (const spelling of found) {
    for (const read of [decoded, normalized, resolved]) found.add(read(spelling));
    if (found.size > MAX_SPELLINGS) return undefined;
  }
  return [...found];
}

/** Whether the path of a URI, as it is spelled, leads to what stands above it. */
export const leadsUp = (uri: string): boolean => /^[^?#]*[:/\\]\.\.([/\\?#]|$)/.test(uri);

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Byte by byte: what is wrong in one place keeps no server from decoding another. */
const decoded = (uri: string): string =>
  uri.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    const bytes = encoded.slice(1).split('%');
    return decoder.decode(Uint8Array.from(bytes, (hex) => Number.parseInt(hex, 16)));
  });

/** As browsers do. */
const normalized = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

/** As file systems do: several slashes are one, and `\` is one too. */
function resolved(uri: string): string {
  const [, base = '', path = '', rest = ''] = /^([a-z][a-z0-9+.-]*:(?:\/\/[^/\\?#]*)?)([^?#]*)(.*)$/is.exec(uri) ?? [];
  if (base === '') return uri;
  const segments: string[] = [];
  const given = path.split(/[/\\]+/);
  for (const [index, segment] of given.entries())
    if (segment === '..') segments.splice(Math.max(segments.length - 1, segments[0] === '' ? 1 : 0));
    else if (segment !== '.' || index === given.length - 1) segments.push(segment === '.' ? '' : segment);
  return base + segments.join('/') + rest;
}
