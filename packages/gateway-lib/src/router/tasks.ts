import { isJsonObject, McpError, META, type Payload, type Call, type JsonObject } from '@org/mcp-sdk';
import { knownType, membersOf, replaceMember } from '@org/mcp-sdk/wire';
import type { Route, RoutedCall } from '../core/routed-call.ts';
import { placeOf } from './place.ts';
import type { RestampResult } from './restamp.ts';
import type { TaskIds } from './task-ids.ts';

/** Name of the extension in capabilities. @see https://github.com/modelcontextprotocol/ext-tasks */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Capabilities of a caller that knows what to do with a task. */
export const TAKES_TASKS: JsonObject = { extensions: { [TASKS_EXTENSION]: {} } };

/** The methods that are about a task, in each era. */
const METHODS = {
  modern: new Set(['tasks/get', 'tasks/update', 'tasks/cancel']),
  legacy: new Set(['tasks/get', 'tasks/result', 'tasks/cancel']),
};

/** Whether a call is about a task. */
export const isAboutTask = ({ method, era }: Call): boolean => METHODS[era].has(method);

/** Routes a call about a task to the endpoint that has it. @throws McpError `not_found` if it is not a task of the caller */
export async function routeTask(call: Call, ids: TaskIds): Promise<Route> {
  if (call.target === undefined) throw new McpError('invalid_params', 'params.taskId must be a string.');
  const route = await ids.open(call.target, call);
  // Another's task is answered like one that never was.
  if (!route) throw new McpError('not_found', `Unknown task: ${call.target.slice(0, 80)}`);
  return route;
}

/** Gives tasks in replies the ids that their callers know. */
export const restampTasks =
  (ids: TaskIds): RestampResult =>
  (result, { call, endpoint }) => {
    if (call.method !== 'tools/call') return isAboutTask(call) ? withIdOfCaller(result, call) : result;
    const taskId = createdTask(result);
    if (taskId === undefined || !declaresTasks(call)) return result;
    const sealing = ids.seal(taskId, placeOf(call.route.upstream, endpoint), call);
    return sealing.then((to) => replaceMember(result, 'taskId', to));
  };

const withIdOfCaller = (result: Payload<JsonObject>, { route, target = '' }: RoutedCall): Payload<JsonObject> =>
  withTaskId(result, { from: route.target, to: target });

const decoder = new TextDecoder();

/** Whether the caller knows what to do with a task: nobody else is answered with one. */
function declaresTasks({ params }: Call): boolean {
  const span = params.spans?.meta?.members.find(({ key }) => key === META.clientCapabilities)?.value;
  // Most callers declare little: then nothing is parsed.
  if (span && !decoder.decode(params.bytes.subarray(span.start, span.end)).includes('tasks')) return false;
  const { _meta: meta } = params.value;
  const capabilities = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  const extensions = isJsonObject(capabilities) ? capabilities.extensions : undefined;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** @throws McpError `missing_client_capability` if the caller does not know what a task is */
export function requireTasks(call: Call): void {
  if (declaresTasks(call)) return;
  throw new McpError('missing_client_capability', `Listening to tasks needs the extension ${TASKS_EXTENSION}.`, {
    data: { requiredCapabilities: TAKES_TASKS },
  });
}

/** The id of the task that a result is the handle of. */
function createdTask(result: Payload<JsonObject>): string | undefined {
  const known = knownType(result);
  if (known !== undefined && known !== 'task') return undefined;
  const { bytes } = result;
  const members = membersOf(bytes);
  const text = (key: string): unknown => {
    const span = members.get(key);
    return span && (JSON.parse(decoder.decode(bytes.subarray(span.start, span.end))) as unknown);
  };
  if (text('resultType') !== 'task') return undefined;
  const taskId = text('taskId');
  return typeof taskId === 'string' ? taskId : undefined;
}

/** Replaces the id of a task where its state names it. */
export function withTaskId(
  state: Payload<JsonObject>,
  { from, to }: { readonly from: string; readonly to: string },
): Payload<JsonObject> {
  const { bytes } = state;
  const span = membersOf(bytes).get('taskId');
  if (!span || JSON.parse(decoder.decode(bytes.subarray(span.start, span.end))) !== from) return state;
  return replaceMember(state, 'taskId', to);
}
