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

const ASKS = new TextEncoder().encode('input_required');

/** A letter of it that is rare elsewhere. */
const RARE = ASKS.indexOf(0x71);

/**
 * Whether a result may be one that asks: for one that was scanned it is known, for most others it is clear that they do
 * not, at the cost of a search. A spelling with escapes is not found by that.
 */
export function mayAsk({ json, resultType }: Payload<JsonObject>): boolean {
  if (resultType !== undefined) return resultType === 'input_required';
  if (typeof json === 'string') return json.includes('input_required');
  for (let at = json.indexOf(0x71); at >= 0; at = json.indexOf(0x71, at + 1))
    if (ASKS.every((byte, index) => json[at - RARE + index] === byte)) return true;
  return false;
}

/** Tells complete from input_required by the top-level keys. */
export const peekResult: Peek = (result) => {
  const { resultType } = result;
  if (resultType !== undefined) return resultType === 'input_required' ? 'input_required' : 'complete';
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
  const { bytes } = result;
  const members = membersOf(bytes);
  const added = members.has('resultType') ? '' : '"resultType":"complete",';
  const hints = !isCacheable(method) || members.has('ttlMs') ? '' : '"ttlMs":0,"cacheScope":"private",';
  const text = added + hints;
  if (text === '') return result;
  if (members.size === 0) return Payload.json(`{${text.slice(0, -1)}}`);
  return Payload.json(joinJson([`{${text}`, bytes.subarray(bytes.indexOf(0x7b) + 1)]));
}
