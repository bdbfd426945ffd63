import { isCacheable } from '../core/methods.ts';
import type { JsonObject } from '../core/json.ts';
import { joinJson, Payload, type Span } from '../core/payload.ts';
import type { Peek } from '../core/reply.ts';
import { JsonReader } from './json-reader.ts';

/** Reads the top-level members of an object without parsing their values. */
export function membersOf(json: Uint8Array): Map<string, Span> {
  const reader = new JsonReader(json);
  const members = new Map<string, Span>();
  reader.object((key) => {
    members.set(key, reader.skip());
  });
  return members;
}

/** Reads the offsets of an array's elements without parsing them. */
export function elementsOf(json: Uint8Array): Span[] {
  const reader = new JsonReader(json);
  const elements: Span[] = [];
  reader.array(() => elements.push(reader.skip()));
  return elements;
}

/** Tells complete from input_required by the top-level keys. */
export const peekResult: Peek = (result) => {
  if (typeof result.json === 'string') return result.value.resultType === 'input_required' ? 'input_required' : 'complete';
  const span = membersOf(result.bytes).get('resultType');
  const input = span && span.end - span.start === '"input_required"'.length && result.bytes[span.start + 1] === 0x69;
  return input ? 'input_required' : 'complete';
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
