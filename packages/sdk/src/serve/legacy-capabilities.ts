import { isJsonObject, type JsonObject } from '../core/json.ts';

/** Tasks of the legacy era are not those of the modern one, and neither side may take one for the other. */
const LEGACY_TASKS = 'tasks';
const MODERN_TASKS = 'io.modelcontextprotocol/tasks';

/** What a legacy client can, as the handler is told of it. */
export function modernCapabilities(capabilities: JsonObject): JsonObject {
  const { [LEGACY_TASKS]: _, ...known } = capabilities;
  return legacyCapabilities(known);
}

/** Whether a legacy revision has the tasks of its era. */
export const hasTasks = (version: string): boolean => version === '2025-11-25';

/** What the handler can, as a legacy client is told of it. */
export function capabilitiesFor(version: string, capabilities: JsonObject): JsonObject {
  const { [LEGACY_TASKS]: tasks, ...others } = legacyCapabilities(capabilities);
  return tasks !== undefined && hasTasks(version) ? { ...others, tasks } : others;
}

function legacyCapabilities(capabilities: JsonObject): JsonObject {
  if (!isJsonObject(capabilities.extensions) || !(MODERN_TASKS in capabilities.extensions)) return capabilities;
  const { [MODERN_TASKS]: _, ...extensions } = capabilities.extensions;
  const { extensions: _all, ...others } = capabilities;
  return Object.keys(extensions).length === 0 ? others : { ...others, extensions };
}
