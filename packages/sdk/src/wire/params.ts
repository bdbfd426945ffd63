import type { RequestId } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { targetMember } from '../core/methods.ts';
import { joinJson, Payload } from '../core/payload.ts';
import { META } from '../core/protocol.ts';

/**
 * Replaces what a call is about, by splicing bytes where they are known.
 *
 * @param method - decides which member is replaced; a method without a target is returned as it is
 */
export function renameTarget(method: string, params: Payload<JsonObject>, target: string): Payload<JsonObject> {
  const member = targetMember(method);
  if (member === undefined) return params;
  const span = params.spans?.target;
  if (span) {
    const { bytes } = params;
    const parts = [bytes.subarray(0, span.start), JSON.stringify(target), bytes.subarray(span.end)];
    return Payload.json(joinJson(parts));
  }
  const { value } = params;
  if (member !== 'ref') return Payload.of({ ...value, [member]: target });
  const ref = isJsonObject(value.ref) ? value.ref : {};
  return Payload.of({ ...value, ref: { ...ref, ['name' in ref ? 'name' : 'uri']: target } });
}

/** Members of `_meta` to set, as JSON text by key; undefined removes one. */
export type MetaPatch = Readonly<Record<string, string | undefined>>;

/**
 * Sets and removes members of `params._meta`, by splicing bytes where they are known. Other members keep their bytes.
 *
 * @remarks The one place where `_meta` of a request is stamped. An empty `_meta` is removed.
 */
export function patchMeta(params: Payload<JsonObject>, patch: MetaPatch): Payload<JsonObject> {
  const added = Object.entries(patch).flatMap(([key, json]) =>
    json === undefined ? [] : [`${JSON.stringify(key)}:${json}`],
  );
  if (params.spans) return spliceMeta(params, params.spans.meta, { patch, added });
  const { _meta, ...rest } = params.value;
  const kept = Object.entries(isJsonObject(_meta) ? _meta : {}).filter(([key]) => !Object.hasOwn(patch, key));
  const meta = { ...Object.fromEntries(kept), ...(JSON.parse(`{${added.join(',')}}`) as JsonObject) };
  return Payload.of(Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest);
}

function spliceMeta(
  params: Payload<JsonObject>,
  at: NonNullable<Payload['spans']>['meta'],
  { patch, added }: { patch: MetaPatch; added: string[] },
): Payload<JsonObject> {
  const { bytes } = params;
  if (!at) {
    if (added.length === 0) return params;
    const tail = isEmptyObject(bytes) ? '}' : ',';
    return Payload.json(joinJson([`{"_meta":{${added.join(',')}}${tail}`, tail === '}' ? '' : bytes.subarray(1)]));
  }
  const kept = at.members.filter((member) => !Object.hasOwn(patch, member.key));
  const parts: (Uint8Array | string)[] = [bytes.subarray(0, at.start), '{'];
  for (const member of kept) parts.push(bytes.subarray(member.start, member.value.end), ',');
  if (added.length > 0) parts.push(added.join(','));
  else if (kept.length > 0) parts.pop();
  parts.push('}', bytes.subarray(at.end));
  return Payload.json(joinJson(parts));
}

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
