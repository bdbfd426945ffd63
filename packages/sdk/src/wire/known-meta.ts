import type { JsonReader } from './json-reader.ts';

/** What every request says in `_meta`; undefined where it is not there. One shape for all, for it is on the hot path. */
export interface ScannedMeta {
  readonly protocolVersion: unknown;
  readonly progressToken: unknown;
  readonly logLevel: unknown;
  readonly subscriptionId: unknown;
  /** What kind of value it is; it was not read. */
  readonly clientCapabilities: 'object' | 'other' | undefined;
}

/** How many are kept. */
const SLOTS = 64;

/** Longer ones are rare. Unit: bytes. */
const MAX_BYTES = 1_024;

interface Known {
  readonly bytes: Uint8Array;
  readonly values: ScannedMeta;
  /** How many values it has: they count for the limit of each message. */
  readonly elements: number;
  /** How deep messages could be when it was read. */
  readonly maxDepth: number;
}

/** By what is left of the message: where `_meta` is the last of `params`, the same client leaves the same. */
const slots: (Known | undefined)[] = new Array<Known | undefined>(SLOTS).fill(undefined);

const slotOf = ({ bytes, pos }: JsonReader): number => (bytes.length - pos) % SLOTS;

/**
 * Passes over the `_meta` that the reader is at, if the same bytes were read before.
 *
 * @remarks A modern client says who it is, and what it can, in each of its calls: comparing these 200 bytes takes less
 * than half of the time that reading them does. Bytes that are the same end at the same place, whatever follows.
 * @returns what they say; undefined if they have to be read
 */
export function passKnownMeta(reader: JsonReader): ScannedMeta | undefined {
  const known = slots[slotOf(reader)];
  if (known === undefined || known.maxDepth !== reader.limits.maxDepth || !startsWith(reader, known.bytes))
    return undefined;
  return reader.passAgain(known.bytes.length, known.elements) ? known.values : undefined;
}

function startsWith({ bytes, pos }: JsonReader, known: Uint8Array): boolean {
  const { length } = known;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[pos + i]) return false;
  return true;
}

/**
 * Keeps what was read of the `_meta` from `start` to where the reader is, if it may come again.
 * @param elements - how many values the reader had counted before
 */
export function keepMeta(reader: JsonReader, values: ScannedMeta, { start, elements }: MetaStart): void {
  const { bytes, pos, limits } = reader;
  const isText = typeof values.protocolVersion !== 'object' && typeof values.logLevel !== 'object';
  if (!isText || pos - start > MAX_BYTES || reader.sawNonAscii) return;
  slots[(bytes.length - start) % SLOTS] = {
    // A copy: the message it came in must not stay.
    bytes: new Uint8Array(bytes.subarray(start, pos)),
    values,
    elements: reader.elements - elements,
    maxDepth: limits.maxDepth,
  };
}

/** The reader before it read `_meta`. */
export interface MetaStart {
  readonly start: number;
  readonly elements: number;
}
