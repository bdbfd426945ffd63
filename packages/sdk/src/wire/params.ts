import type { RequestId } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { targetMember } from '../core/methods.ts';
import { joinJson, Payload, type Member, type ParamsSpans, type Span } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import { MetaSpan } from './meta-span.ts';
import { membersOf } from './result.ts';

const encoder = new TextEncoder();

/**
 * Replaces what a call is about, by splicing bytes where they are known.
 *
 * @param method - decides which member is replaced; a method without a target is returned as it is
 */
export function renameTarget(method: string, params: Payload<JsonObject>, target: string): Payload<JsonObject> {
  const member = targetMember(method);
  if (member === undefined) return params;
  const span = params.spans?.target;
  if (span) return splice(params, span, JSON.stringify(target));
  const { value } = params;
  if (member !== 'ref') return Payload.of({ ...value, [member]: target });
  const ref = isJsonObject(value.ref) ? value.ref : {};
  return Payload.of({ ...value, ref: { ...ref, [ref.type === 'ref/prompt' ? 'name' : 'uri']: target } });
}

/** Whether params hold the wish for a task of revision 2025-11-25. */
export const hasTask = (params: Payload<JsonObject>): boolean =>
  params.isScanned ? params.spans?.hasTask === true : 'task' in params.value;

/** Params without the wish for a task of revision 2025-11-25: other revisions do not know it, and must not be understood. */
export function withoutTask(method: string, params: Payload<JsonObject>): Payload<JsonObject> {
  if (method !== 'tools/call' || !hasTask(params)) return params;
  const { task: _, ...rest } = params.value;
  return Payload.of(rest);
}

/** Params without what only a retry of the modern era has: legacy peers know neither states nor answers. */
export function withoutAnswers(params: Payload<JsonObject>): Payload<JsonObject> {
  const { inputResponses: _answers, requestState: _state, ...rest } = params.value;
  return Payload.of(rest);
}

/** Replaces the value of a top-level member that is there; others keep their bytes. */
export function replaceMember(object: Payload<JsonObject>, key: string, value: unknown): Payload<JsonObject> {
  const at = membersOf(object.bytes).get(key);
  return at ? splice(object, at, JSON.stringify(value)) : object;
}

function splice({ bytes, spans }: Payload<JsonObject>, at: Span, json: string): Payload<JsonObject> {
  // Of bytes, more bytes are made.
  const spliced = joinJson([bytes.subarray(0, at.start), json, bytes.subarray(at.end)]) as Uint8Array;
  return spans ? Payload.json(spliced, () => moved(spans, at, { to: spliced, from: bytes })) : Payload.json(spliced);
}

/** Spans of bytes in which the value at a place was replaced. */
function moved(
  { target, meta, ...rest }: ParamsSpans,
  at: Span,
  { to, from }: { to: Uint8Array; from: Uint8Array },
): ParamsSpans {
  const by = to.length - from.length;
  return {
    ...rest,
    target: target && { start: after(target.start, at, by), end: after(target.end, at, by) },
    meta: meta && new MetaSpan(to, meta.start > at.start ? moveSpan(meta, by) : meta),
  };
}

/** Where an offset is once the value at a place has another length. */
const after = (offset: number, { start }: Span, by: number): number => (offset > start ? offset + by : offset);

/** Members of `_meta` to set, as JSON text by key; undefined removes one. */
export type MetaPatch = Readonly<Record<string, string | undefined>>;

/**
 * Sets and removes members of `params._meta`, by splicing bytes where they are known. Other members keep their bytes.
 *
 * @remarks The one place where `_meta` of a request is stamped. A `_meta` that loses its last member stays, empty.
 */
export function patchMeta(params: Payload<JsonObject>, patch: MetaPatch): Payload<JsonObject> {
  if (!params.isScanned) return hasChanges(params.value, patch) ? Payload.of(withMeta(params.value, patch)) : params;
  if (setsNothing(patch) && !params.spans?.meta) return params;
  // A function looks at the value, an upstream at the bytes; hardly anybody at both.
  return Payload.derived({
    value: () => withMeta(params.value, patch),
    payload: () => spliceMeta(params, params.spans ?? {}, patch),
  });
}

const hasChanges = ({ _meta }: JsonObject, patch: MetaPatch): boolean => _meta !== undefined || !setsNothing(patch);

const setsNothing = (patch: MetaPatch): boolean => Object.keys(valuesOf(patch)).length === 0;

function withMeta(value: JsonObject, patch: MetaPatch): JsonObject {
  if (!hasChanges(value, patch)) return value;
  const { _meta } = value;
  const meta = isJsonObject(_meta) ? Object.entries(_meta).filter(([key]) => !Object.hasOwn(patch, key)) : [];
  return { ...value, _meta: { ...Object.fromEntries(meta), ...valuesOf(patch) } };
}

const parsed = new WeakMap<MetaPatch, JsonObject>();

/** What a patch sets, parsed; a session has the same patch for each of its calls. */
function valuesOf(patch: MetaPatch): JsonObject {
  const known = parsed.get(patch);
  if (known) return known;
  const values = Object.fromEntries(addedBy(patch).map(([key, json]) => [key, JSON.parse(json) as unknown]));
  parsed.set(patch, values);
  return values;
}

const addedBy = (patch: MetaPatch): [string, string][] =>
  Object.entries(patch).filter((entry): entry is [string, string] => entry[1] !== undefined);

/** What stands before a `_meta` that a payload had not. */
const META_KEY = '{"_meta":';

function spliceMeta(params: Payload<JsonObject>, spans: ParamsSpans, patch: MetaPatch): Payload<JsonObject> {
  const added = writtenBy(patch);
  const { bytes } = params;
  const { target, meta: at, hasTask } = spans;
  if (!at && added.length === 0) return params;
  const kept = at ? at.members.filter(({ key }) => !Object.hasOwn(patch, key)).map((m) => bytesOf(bytes, m)) : [];
  const meta = objectOf([...kept, ...added]);
  const start = at?.start ?? META_KEY.length;
  const around = at ? [bytes.subarray(0, start), meta, bytes.subarray(at.end)] : [META_KEY, meta, ...afterNew(bytes)];
  // Of bytes, more bytes are made.
  const json = joinJson(around) as Uint8Array;
  const moved = target && target.start > (at?.start ?? 0) ? moveSpan(target, json.length - bytes.length) : target;
  return Payload.json(json, {
    target: moved,
    meta: new MetaSpan(json, { start, end: start + meta.length }),
    hasTask,
  });
}

/** What follows a new `_meta`: the members that were there. */
const afterNew = (bytes: Uint8Array): (Uint8Array | string)[] =>
  isEmptyObject(bytes) ? ['}'] : [',', bytes.subarray(1)];

const bytesOf = (bytes: Uint8Array, { start, value }: Member): Uint8Array => bytes.subarray(start, value.end);

const written = new WeakMap<MetaPatch, readonly Uint8Array[]>();

/** The members that a patch adds, written; a session has the same patch for each of its calls. */
function writtenBy(patch: MetaPatch): readonly Uint8Array[] {
  const known = written.get(patch);
  if (known) return known;
  const made = addedBy(patch).map(([key, json]) => encoder.encode(`${JSON.stringify(key)}:${json}`));
  written.set(patch, made);
  return made;
}

function objectOf(members: readonly Uint8Array[]): Uint8Array {
  const parts = members.flatMap((member, at) => (at === 0 ? [member] : [',', member]));
  const json = joinJson(['{', ...parts, '}']);
  return typeof json === 'string' ? encoder.encode(json) : json;
}

const moveSpan = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by });

const isEmptyObject = (bytes: Uint8Array): boolean => bytes.subarray(1, -1).every((byte) => byte <= 0x20);

/** The `_meta` patch that takes a call from the modern form to the legacy one. */
export const LEGACY_META: MetaPatch = {
  [META.protocolVersion]: undefined,
  [META.clientInfo]: undefined,
  [META.clientCapabilities]: undefined,
  [META.logLevel]: undefined,
};

/** The patch that gives a call's progress the token that is unique on the way to the upstream. */
export const tokenPatch = (token: RequestId | undefined): MetaPatch => ({
  [META.progressToken]: token === undefined ? undefined : JSON.stringify(token),
});
