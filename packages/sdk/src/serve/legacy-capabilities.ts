import { isJsonObject, type JsonObject } from '../core/json.ts';

/** Tasks of the legacy era are not those of the modern one, and neither side may take one for the other. */
const LEGACY_TASKS = 'tasks';
const MODERN_TASKS = 'io.modelcontextprotocol/tasks';

/** What a legacy client can, as the handler is told of it. */
export function modernCapabilities(capabilities: JsonObject): JsonObject {
  const { [LEGACY_TASKS]: _, ...known } = capabilities;
  return legacyCapabilities(known);
}

/** What the handler can, as a legacy client is told of it. */
export function legacyCapabilities(capabilities: JsonObject): JsonObject {
  if (!isJsonObject(capabilities.extensions) || !(MODERN_TASKS in capabilities.extensions)) return capabilities;
  const { [MODERN_TASKS]: _, ...extensions } = capabilities.extensions;
  const { extensions: _all, ...others } = capabilities;
  return Object.keys(extensions).length === 0 ? others : { ...others, extensions };
}
