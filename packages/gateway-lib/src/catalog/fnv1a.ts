/** FNV-1a, 32 bits, as eight hexadecimal digits: tells texts apart, keeps nothing secret. @see https://www.rfc-editor.org/rfc/rfc9923 */
export function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
