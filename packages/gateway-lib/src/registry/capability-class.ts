import { isJsonObject, META, type Call, type JsonObject, type Payload } from '@org/mcp-sdk';

/** What callers can be asked, in one spelling for all that say the same: sessions of legacy servers are opened for one. */
export interface CapabilityClass {
  /** The same for two classes that are one. */
  readonly key: string;
  readonly capabilities: JsonObject;
}

/** All that the gateway can pass on, from whatever call. Roots are a caller's own: servers keep them for a session. */
export const ANY_CALLER: CapabilityClass = classOf({
  elicitation: { form: {}, url: {} },
  sampling: { tools: {}, context: {} },
});

/** Nothing can be asked. */
export const NO_CALLER: CapabilityClass = classOf({});

/** The class of a call's caller. @param isAlone - whether nobody else shares the session: only then have roots a meaning */
export function capabilityClass({ params }: Call, isAlone: boolean): CapabilityClass {
  if (declaresNothing(params)) return NO_CALLER;
  const { _meta: meta } = params.value;
  const declared = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  const { elicitation, sampling, roots, extensions } = isJsonObject(declared) ? declared : {};
  return classOf({
    ...(isJsonObject(elicitation) ? { elicitation: modesOf(elicitation) } : {}),
    ...(isJsonObject(sampling) ? { sampling: members(sampling, ['tools', 'context']) } : {}),
    ...(isAlone && isJsonObject(roots) ? { roots: roots.listChanged === true ? { listChanged: true } : {} } : {}),
    ...(isJsonObject(extensions) && isShort(extensions) ? { extensions } : {}),
  });
}

/** Most callers declare `{}`: then nothing is parsed. */
function declaresNothing(params: Payload<JsonObject>): boolean {
  const span = params.spans?.meta?.members.find(({ key }) => key === META.clientCapabilities)?.value;
  return span !== undefined && span.end - span.start === 2;
}

/** Longer ones are not passed on: classes are kept, and callers may declare what they like. Unit: characters of JSON. */
const MAX_EXTENSIONS = 4_096;

const isShort = (extensions: JsonObject): boolean =>
  Object.keys(extensions).length > 0 && JSON.stringify(extensions).length <= MAX_EXTENSIONS;

/** What a caller of that class lacks of all that can be asked. */
export function lackedBy({ capabilities }: CapabilityClass): JsonObject {
  const lacked = Object.entries(ANY_CALLER.capabilities).map(([name, parts]): [string, JsonObject | undefined] => {
    const declared = capabilities[name];
    if (!isJsonObject(declared)) return [name, {}];
    const missing = Object.keys(isJsonObject(parts) ? parts : {}).filter((part) => !(part in declared));
    return [name, missing.length === 0 ? undefined : Object.fromEntries(missing.map((part) => [part, {}]))];
  });
  return Object.fromEntries(lacked.filter(([, missing]) => missing !== undefined));
}

/** Without a mode it means forms: that is what elicitation was before there were modes. */
function modesOf(elicitation: JsonObject): JsonObject {
  const modes = members(elicitation, ['form', 'url']);
  return Object.keys(modes).length > 0 ? modes : { form: {} };
}

const members = (capability: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => isJsonObject(capability[name])).map((name) => [name, {}]));

/** Extensions come in any order; the rest is written in one. */
function classOf({ extensions, ...rest }: JsonObject): CapabilityClass {
  const sorted = isJsonObject(extensions)
    ? Object.fromEntries(Object.entries(extensions).sort(([one], [other]) => (one < other ? -1 : 1)))
    : undefined;
  const capabilities: JsonObject = { ...rest, ...(sorted ? { extensions: sorted } : {}) };
  return { key: JSON.stringify(capabilities), capabilities };
}
