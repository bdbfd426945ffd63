import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isLegacyVersion, LATEST_LEGACY_VERSION } from '../core/protocol.ts';
import type { RequestFrame } from '../wire/message.ts';

/** What is kept of what a legacy client said of itself in `initialize`. */
export interface LegacyClient {
  readonly version: string;
  readonly clientInfo: JsonObject;
  /** What the client can be asked, as it declared it; names that are not known are left out. */
  readonly capabilities: JsonObject;
}

/** A session lives for a day: what it keeps of its client must not fill the memory. */
const INFO = ['name', 'version', 'title'];
const MAX_INFO = 200;
const CAPABILITIES = ['experimental', 'extensions', 'sampling', 'elicitation', 'roots', 'tasks'];

/** Unit: bytes. */
const MAX_CAPABILITIES = 4_096;

/** Reads the params of `initialize`. @throws McpError `invalid_params` if a member is missing, wrong or too long */
export function readInitialize(frame: RequestFrame): LegacyClient {
  const { protocolVersion, clientInfo, capabilities } = frame.params.payload.value;
  if (typeof protocolVersion !== 'string') throw new McpError('invalid_params', 'protocolVersion must be a string.');
  if (!isJsonObject(clientInfo) || typeof clientInfo.name !== 'string')
    throw new McpError('invalid_params', 'clientInfo must be an object with a name and a version.');
  return {
    version: isLegacyVersion(protocolVersion) ? protocolVersion : LATEST_LEGACY_VERSION,
    clientInfo: infoOf(clientInfo),
    capabilities: isJsonObject(capabilities) ? capabilitiesOf(capabilities) : {},
  };
}

function infoOf(clientInfo: JsonObject): JsonObject {
  const texts = INFO.flatMap((name) => {
    const text = clientInfo[name];
    return typeof text === 'string' ? [[name, text.slice(0, MAX_INFO)] as const] : [];
  });
  return copy(JSON.stringify(Object.fromEntries(texts)));
}

function capabilitiesOf(capabilities: JsonObject): JsonObject {
  const known = CAPABILITIES.filter((name) => isJsonObject(capabilities[name]));
  const json = JSON.stringify(Object.fromEntries(known.map((name) => [name, capabilities[name]])));
  if (new TextEncoder().encode(json).length > MAX_CAPABILITIES)
    throw new McpError('invalid_params', `capabilities are longer than ${MAX_CAPABILITIES} bytes.`);
  return copy(json);
}

/** A part of a text keeps the whole of it in memory; what is parsed anew does not. */
const copy = (json: string): JsonObject => JSON.parse(json) as JsonObject;
