import { META, MODERN_VERSION } from '../core/protocol.ts';

/** Texts that nearly every message holds; keys of which only one may stand in an object come first. */
export const KNOWN_TEXTS: readonly string[] = [
  ...['jsonrpc', 'id', 'method', 'params', 'result', 'error'],
  ...['_meta', 'name', 'uri', 'ref', 'type', 'arguments', 'cursor', 'requestState', 'inputResponses', 'task', 'taskId'],
  ...Object.values(META).filter((name) => name !== META.prefix),
  ...['resultType', 'content', 'structuredContent', 'isError', 'ttlMs', 'cacheScope', 'text'],
  ...['2.0', MODERN_VERSION, 'complete'],
  ...['tools/call', 'tools/list', 'prompts/get', 'resources/read', 'server/discover'],
];

const BUCKETS = 1024;

/** Where a text may stand: by its length and three of its bytes, which are others for each text that is known. */
function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const last = end - 1;
  const inner = bytes[last - (length >> 2)] ?? 0;
  return (length * 31 + (bytes[start] ?? 0) * 7 + inner * 11 + (bytes[last] ?? 0)) % BUCKETS;
}

const NONE = -1;

/** Reading a text char by char takes twice as long. */
const BYTES: readonly Uint8Array[] = KNOWN_TEXTS.map((text) => new TextEncoder().encode(text));

/** By bucket: the number of the text. No two share one (a test says so): a key of which one spelling is not known could stand twice. */
const table = new Int8Array(BUCKETS).fill(NONE);
for (const [number, bytes] of BYTES.entries()) table[bucketOf(bytes, 0, bytes.length)] = number;

/**
 * The number of the text in {@link KNOWN_TEXTS} that ASCII bytes spell; -1 if it is not there. Nothing is allocated.
 */
export function knownText(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return NONE;
  const number = table[bucketOf(bytes, start, end)] ?? NONE;
  const known = BYTES[number];
  if (known?.length !== length) return NONE;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return NONE;
  return number;
}
