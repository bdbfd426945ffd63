import { isJsonObject, Payload, type Call, type JsonObject, type Span } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import { hasTask, membersOf } from '@org/mcp-sdk/wire';
import { changedRouted, type RoutedCall } from '../core/routed-call.ts';
import { placeOf } from './place.ts';
import type { RestampResult } from './restamp.ts';
import type { TaskIds } from './task-ids.ts';

/** The only revision that has these tasks. @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks */
const VERSION = '2025-11-25';

/** `_meta` key that says which task a message is about. */
const RELATED = 'io.modelcontextprotocol/related-task';

/**
 * What legacy callers are told of tasks: they reach legacy upstreams only. There is no `list`, for an upstream would
 * list the tasks of all callers: to it they are one, the gateway.
 */
export function legacyTasksOf(connections: readonly Connection[]): JsonObject {
  const offers = connections.flatMap(({ era, version, server }) =>
    era === 'legacy' && version === VERSION && isJsonObject(server.capabilities.tasks)
      ? [server.capabilities.tasks]
      : [],
  );
  if (!offers.some(callsTools)) return {};
  return { tasks: { requests: { tools: { call: {} } }, ...(offers.some(cancels) ? { cancel: {} } : {}) } };
}

const cancels = ({ cancel }: JsonObject): boolean => isJsonObject(cancel);

const callsTools = ({ requests }: JsonObject): boolean =>
  isJsonObject(requests) && isJsonObject(requests.tools) && isJsonObject(requests.tools.call);

/** Gives tasks that a legacy upstream made for a legacy caller the ids that the caller knows. */
export const restampLegacyTasks =
  (ids: TaskIds): RestampResult =>
  (result, { call, endpoint }) => {
    if (call.era !== 'legacy') return result;
    const { upstream, target } = call.route;
    if (call.method === 'tasks/result')
      return replaceAll(result, relatedIn(result), { from: target, to: call.target ?? '' });
    const taskId = wantsTask(call) ? textAt(result, ['task', 'taskId']) : undefined;
    if (taskId === undefined) return result;
    const sealing = ids.seal(taskId, placeOf(upstream, endpoint), call);
    return sealing.then((to) => replaceAll(result, [['task', 'taskId'], RELATED_IN_META], { from: taskId, to }));
  };

/** Gives the answers to what a task asked the id by which its upstream knows it. */
export function withIdOfUpstream(call: RoutedCall): RoutedCall {
  const { method, round, target, params, route } = call;
  if (method !== 'tasks/result' || round === 0 || target === undefined) return call;
  const named = membersAt(params, 'inputResponses').map((name) => ['inputResponses', name, ...RELATED_IN_META]);
  return changedRouted(call, { params: replaceAll(params, named, { from: target, to: route.target }) });
}

/** Whether a legacy caller asks for a task. */
const wantsTask = ({ method, params }: Call): boolean => method === 'tools/call' && hasTask(params);

type Path = readonly string[];

const RELATED_IN_META: Path = ['_meta', RELATED, 'taskId'];

/** Where a result may name its task: for itself, and for each question that it asks on the way. */
function relatedIn(result: Payload<JsonObject>): readonly Path[] {
  const names = membersAt(result, 'inputRequests');
  return [RELATED_IN_META, ...names.map((name) => ['inputRequests', name, 'params', ...RELATED_IN_META])];
}

/** The names of the members of a member. */
function membersAt(result: Payload<JsonObject>, member: string): readonly string[] {
  const at = spanAt(result, [member]);
  const inner = at && result.bytes.subarray(at.start, at.end);
  return inner && isObject(inner) ? [...membersOf(inner).keys()] : [];
}

const decoder = new TextDecoder();

function replaceAll(
  result: Payload<JsonObject>,
  paths: readonly Path[],
  { from, to }: { readonly from: string; readonly to: string },
): Payload<JsonObject> {
  return paths.reduce((given, path) => {
    const at = textAt(given, path) === from ? spanAt(given, path) : undefined;
    if (!at) return given;
    const { bytes } = given;
    const around = [bytes.subarray(0, at.start), bytes.subarray(at.end)].map((part) => decoder.decode(part));
    return Payload.json(around.join(JSON.stringify(to)));
  }, result);
}

function textAt(result: Payload<JsonObject>, path: Path): string | undefined {
  const at = spanAt(result, path);
  const value: unknown = at && JSON.parse(decoder.decode(result.bytes.subarray(at.start, at.end)));
  return typeof value === 'string' ? value : undefined;
}

/** Where the value at a path of members stands. */
function spanAt({ bytes }: Payload<JsonObject>, path: Path): Span | undefined {
  return path.reduce<Span | undefined>(
    (at, key) => {
      const inner = at && bytes.subarray(at.start, at.end);
      const span = inner && isObject(inner) ? membersOf(inner).get(key) : undefined;
      return at && span && { start: at.start + span.start, end: at.start + span.end };
    },
    { start: 0, end: bytes.length },
  );
}

const isObject = (json: Uint8Array): boolean => json.find((byte) => byte > 0x20) === 0x7b;
