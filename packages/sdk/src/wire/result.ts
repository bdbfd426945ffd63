import { isCacheable } from '../core/methods.ts';
import type { JsonObject } from '../core/json.ts';
import { joinJson, Payload, type Span } from '../core/payload.ts';
import type { Peek } from '../core/reply.ts';
import { JsonReader, type JsonLimits } from './json-reader.ts';

/** For results, whose size is bounded by whoever received or made them; the depth keeps the stack whole. */
const RESULT_LIMITS: JsonLimits = { maxDepth: 1_000, maxElements: Infinity };

const decoder = new TextDecoder();

/** Reads the top-level members of an object without parsing their values. */
export function membersOf(json: Uint8Array): Map<string, Span> {
  const reader = new JsonReader(json, RESULT_LIMITS);
  const members = new Map<string, Span>();
  reader.object((key) => {
    members.set(key, reader.skip());
  });
  return members;
}

/** Reads the offsets of an array's elements without parsing them. */
export function elementsOf(json: Uint8Array): Span[] {
  const reader = new JsonReader(json, RESULT_LIMITS);
  const elements: Span[] = [];
  reader.array(() => elements.push(reader.skip()));
  return elements;
}

/** Whether JSON text may hold a word as a key or value, at the cost of a search. A spelling with escapes is not found. */
export function mentions({ json }: Payload<JsonObject>, word: string): boolean {
  if (typeof json === 'string') return json.includes(word);
  // Behind its quote: the quote itself is everywhere.
  const first = word.charCodeAt(0);
  for (let at = json.indexOf(first); at >= 0; at = json.indexOf(first, at + 1)) if (stands(word, json, at)) return true;
  return false;
}

function stands(word: string, json: Uint8Array, at: number): boolean {
  for (let i = 1; i < word.length; i++) if (json[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** Whether a result may be one that asks: for one that was scanned it is known, for most others it is clear that they do not. */
export function mayAsk(result: Payload<JsonObject>): boolean {
  const type = knownType(result);
  return type === undefined ? mentions(result, 'input_required') : type === 'input_required';
}

/** The `resultType` of a result as far as it is known without reading it: null if it has none, undefined if it is not known. */
export function knownType(result: Payload<JsonObject>): unknown {
  if (result.resultType !== undefined) return result.resultType;
  return result.isParsed ? (result.value.resultType ?? null) : undefined;
}

/** Tells complete from input_required by the top-level keys. */
export const peekResult: Peek = (result) => {
  const known = knownType(result);
  if (known !== undefined) return known === 'input_required' ? 'input_required' : 'complete';
  if (typeof result.json === 'string')
    return result.value.resultType === 'input_required' ? 'input_required' : 'complete';
  const { bytes } = result;
  const span = membersOf(bytes).get('resultType');
  if (!span) return 'complete';
  // Parsed, not compared: an escaped spelling means the same to the next reader.
  const type: unknown = JSON.parse(decoder.decode(bytes.subarray(span.start, span.end)));
  return type === 'input_required' ? 'input_required' : 'complete';
};

/**
 * Gives a legacy result what every modern one has: `resultType`, and hints for caches where they are required.
 *
 * @remarks Nothing is known of how long a legacy result stays true or for whom, so it is stale at once and private.
 */
export function modernizeResult(method: string, result: Payload<JsonObject>): Payload<JsonObject> {
  const { resultType } = result;
  if (resultType === undefined || isCacheable(method)) return completed(method, result);
  return resultType === null ? typed(result) : result;
}

/** A result of which a scanner has found that it has no type. */
function typed({ bytes }: Payload<JsonObject>): Payload<JsonObject> {
  const rest = bytes.subarray(bytes.indexOf(0x7b) + 1);
  const separator = firstOf(rest) === 0x7d ? '' : ',';
  // Of bytes, more bytes are made.
  return Payload.result(joinJson([`{"resultType":"complete"${separator}`, rest]) as Uint8Array, 'complete');
}

function completed(method: string, result: Payload<JsonObject>): Payload<JsonObject> {
  const { bytes } = result;
  const members = membersOf(bytes);
  const added = members.has('resultType') ? '' : '"resultType":"complete",';
  const hints = !isCacheable(method) || members.has('ttlMs') ? '' : '"ttlMs":0,"cacheScope":"private",';
  const text = added + hints;
  if (text === '') return result;
  if (members.size === 0) return Payload.json(`{${text.slice(0, -1)}}`);
  return Payload.json(joinJson([`{${text}`, bytes.subarray(bytes.indexOf(0x7b) + 1)]));
}

/** The first byte that is no white space. */
const firstOf = (json: Uint8Array): number => new JsonReader(json).peekByte();
