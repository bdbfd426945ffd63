import { isJsonObject, MODERN_VERSIONS, Payload, resultReply, type Handler, type JsonObject } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Missing } from '../catalog/freshness.ts';
import type { Selector } from '../catalog/selection.ts';
import { mergeDeclared, offeredOf } from './extensions.ts';
import { legacyTasksOf } from './legacy-tasks.ts';
import { metaOf } from './lists.ts';
import { TASKS_EXTENSION } from './tasks.ts';

/** What the gateway says of itself, and how it reaches the upstreams to know. */
export interface DiscoverOptions {
  readonly info: JsonObject;
  readonly instructions: string | undefined;
  /** Which extensions are offered. */
  readonly extensions: Selector;
  /** The connection of each upstream, or why there is none. */
  readonly connections: () => Promise<ReadonlyMap<string, Connection | Error>>;
}

const LIST_CHANGED = { listChanged: true };

/**
 * Answers `server/discover`: what any upstream can, the gateway can.
 *
 * @remarks While no upstream can be asked it promises all that it can route, so that a client which connects before
 * them learns of their lists by the change notifications.
 */
export const createDiscover =
  ({ info, instructions, extensions, connections }: DiscoverOptions): Handler =>
  async (call) => {
    const found = await connections();
    const missing: Missing[] = [];
    const servers: [string, Connection['server']][] = [];
    for (const [upstream, connection] of found) {
      if (connection instanceof Error) missing.push({ upstream, reason: connection.message });
      else servers.push([upstream, connection.server]);
    }
    const reached = [...found.values()].flatMap((each) => (each instanceof Error ? [] : [each]));
    const declared = reached.map((each) => offeredOf(handledOf(each), extensions));
    const offers = (capability: string): boolean =>
      servers.length === 0 || servers.some(([, { capabilities }]) => isJsonObject(capabilities[capability]));
    const watches =
      servers.length === 0 || servers.some(([, { capabilities }]) => canBeWatched(capabilities.resources));
    const result = {
      resultType: 'complete',
      supportedVersions: [...MODERN_VERSIONS],
      capabilities: {
        ...(offers('tools') ? { tools: LIST_CHANGED } : {}),
        ...(offers('prompts') ? { prompts: LIST_CHANGED } : {}),
        ...(offers('resources') ? { resources: { ...LIST_CHANGED, ...(watches ? { subscribe: true } : {}) } } : {}),
        ...(offers('completions') ? { completions: {} } : {}),
        ...(offers('logging') ? { logging: {} } : {}),
        ...mergeDeclared(declared, 'extensions'),
        ...mergeDeclared(declared, 'experimental'),
        ...(call.era === 'legacy' ? legacyTasksOf(reached) : {}),
      },
      ...joined(instructions, servers),
      ttlMs: 0,
      cacheScope: 'private',
      _meta: metaOf(info, missing),
    };
    return resultReply(Payload.of<JsonObject>(result), () => 'complete');
  };

/** Capabilities of an upstream without what no legacy server can have. */
function handledOf({ era, server: { capabilities } }: Connection): JsonObject {
  if (era === 'modern' || !isJsonObject(capabilities.extensions)) return capabilities;
  const { [TASKS_EXTENSION]: _, ...extensions } = capabilities.extensions;
  return { ...capabilities, extensions };
}

const canBeWatched = (resources: unknown): boolean => isJsonObject(resources) && resources.subscribe === true;

function joined(own: string | undefined, servers: readonly [string, Connection['server']][]): JsonObject {
  const parts = servers.flatMap(([name, { instructions }]) => (instructions ? [`# ${name}\n\n${instructions}`] : []));
  const text = [...(own === undefined ? [] : [own]), ...parts].join('\n\n');
  return text === '' ? {} : { instructions: text };
}
