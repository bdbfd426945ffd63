import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { LIST_MEMBERS, type ListMethod } from '../core/methods.ts';
import { Payload } from '../core/payload.ts';
import { META, MODERN_VERSIONS } from '../core/protocol.ts';
import { resultReply, type Reply } from '../core/reply.ts';
import { listenToNothing } from './listen.ts';
import type { Prompt } from './prompts.ts';
import type { Resource } from './resources.ts';
import type { Tool } from './tools.ts';

/** What a server is made of. */
export interface ServerParts {
  readonly info: JsonObject;
  readonly instructions: string | undefined;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly prompts: ReadonlyMap<string, Prompt>;
  readonly resources: ReadonlyMap<string, Resource>;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}

/** The innermost handler of a server: finds the function that answers a call. */
export function createDispatch(parts: ServerParts): Handler {
  const meta = { [META.serverInfo]: parts.info };
  const entries = {
    'tools/list': parts.tools,
    'prompts/list': parts.prompts,
    'resources/list': parts.resources,
    'resources/templates/list': new Map<string, { entry: JsonObject }>(),
  } as const;
  const list = (method: ListMethod, call: Call): Reply => {
    if (call.params.value.cursor !== undefined)
      throw new McpError('invalid_params', 'The cursor is not one of this server: its lists have one page.');
    const listed = [...entries[method].values()].map(({ entry }) => entry);
    return cacheable({ [LIST_MEMBERS[method]]: listed, _meta: meta });
  };
  const methods: Record<string, (call: Call) => Reply | Promise<Reply>> = {
    'server/discover': () => cacheable({ ...describe(parts), _meta: meta }),
    'subscriptions/listen': (call) => listenToNothing(call, parts.closing),
    ...when(parts.tools, {
      'tools/list': (call) => list('tools/list', call),
      'tools/call': (call) => find(parts.tools, 'tool', call).call(call),
    }),
    ...when(parts.prompts, {
      'prompts/list': (call) => list('prompts/list', call),
      'prompts/get': (call) => find(parts.prompts, 'prompt', call).get(call),
    }),
    ...when(parts.resources, {
      'resources/list': (call) => list('resources/list', call),
      'resources/templates/list': (call) => list('resources/templates/list', call),
      'resources/read': (call) => find(parts.resources, 'resource', call).read(call),
    }),
  };
  return async (call) => {
    const answer = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
    if (!answer) throw new McpError('method_not_found', `Unknown method: ${call.method.slice(0, 80)}`);
    return answer(call);
  };
}

const when = <T>(entries: ReadonlyMap<string, unknown>, methods: Record<string, T>): Record<string, T> =>
  entries.size > 0 ? methods : {};

const describe = ({ instructions, tools, prompts, resources }: ServerParts): JsonObject => ({
  supportedVersions: [...MODERN_VERSIONS],
  capabilities: {
    ...when(tools, { tools: {} }),
    ...when(prompts, { prompts: {} }),
    ...when(resources, { resources: {} }),
    logging: {},
  },
  ...(instructions === undefined ? {} : { instructions }),
});

/** Nothing is promised of how long or for whom: middleware may answer each caller differently. */
const cacheable = (result: JsonObject): Reply =>
  resultReply(Payload.of({ resultType: 'complete', ...result, ttlMs: 0, cacheScope: 'private' }), () => 'complete');

function find<T>(entries: ReadonlyMap<string, T>, kind: string, call: Call): T {
  if (call.target === undefined)
    throw new McpError(
      'invalid_params',
      `params must name the ${kind} (${kind === 'resource' ? 'uri' : 'name'}: a string).`,
    );
  const entry = entries.get(call.target);
  if (!entry) throw new McpError('not_found', `Unknown ${kind}: ${call.target.slice(0, 200)}`);
  return entry;
}
