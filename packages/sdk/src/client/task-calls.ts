import type { Clock } from '../core/clock.ts';
import { McpError, isRpcError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RemoteError, type Result } from '../core/reply.ts';
import { MAX_ROUNDS, tooManyRounds } from './rounds.ts';

/** Name of the extension in capabilities. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A task of a server, as it last told. @see https://github.com/modelcontextprotocol/ext-tasks */
export interface TaskInfo extends JsonObject {
  readonly taskId: string;
  readonly status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  readonly statusMessage?: string;
  /** How long the server keeps it. Unit: ms; null for ever. */
  readonly ttlMs?: number | null;
  /** How often to look. Unit: ms. */
  readonly pollIntervalMs?: number;
  readonly inputRequests?: JsonObject;
  readonly result?: Result;
  readonly error?: JsonObject;
}

/** What {@link TaskCalls} calls with. */
export interface TaskCallsOptions {
  readonly request: (method: string, params: JsonObject, signal: AbortSignal) => Promise<Result>;
  /** Answers what a task asks. */
  readonly answer: (inputRequests: JsonObject, signal: AbortSignal) => Promise<JsonObject>;
  readonly clock: Clock;
}

/** How often to look when the server does not say. Unit: ms. */
const POLL_INTERVAL_MS = 1_000;

/** The tasks of a server. */
export class TaskCalls {
  readonly #options: TaskCallsOptions;

  constructor(options: TaskCallsOptions) {
    this.#options = options;
  }

  /** Looks how a task is. @throws RemoteError if the server does not know it */
  async get(taskId: string, signal: AbortSignal = never()): Promise<TaskInfo> {
    return (await this.#options.request('tasks/get', { taskId }, signal)) as TaskInfo;
  }

  /** Answers questions of a task. @param inputResponses - by the names of its `inputRequests` */
  async update(taskId: string, inputResponses: JsonObject, signal: AbortSignal = never()): Promise<void> {
    await this.#options.request('tasks/update', { taskId, inputResponses }, signal);
  }

  /** Asks the server to stop a task; it may be done all the same. */
  async cancel(taskId: string, signal: AbortSignal = never()): Promise<void> {
    await this.#options.request('tasks/cancel', { taskId }, signal);
  }

  /**
   * Waits for the result of a task and answers what it asks on the way.
   * @param onLook - told how the task is, each time it is looked at
   * @throws RemoteError with the task's error if it failed
   * @throws McpError `cancelled` if it was cancelled, or `signal` aborted
   */
  async wait(
    taskId: string,
    signal: AbortSignal = never(),
    onLook: (task: TaskInfo) => void = () => undefined,
  ): Promise<Result> {
    const answered = new Set<string>();
    for (let rounds = 0; ;) {
      const task = await this.get(taskId, signal);
      onLook(task);
      if (task.status === 'completed') return isJsonObject(task.result) ? task.result : {};
      if (task.status === 'cancelled') throw new McpError('cancelled', 'The task was cancelled.');
      if (task.status === 'failed')
        throw new RemoteError(isRpcError(task.error) ? task.error : { code: -32603, message: 'The task failed.' });
      const asked = unanswered(task, answered);
      if (asked) {
        if (++rounds > MAX_ROUNDS) throw tooManyRounds(asked);
        await this.update(taskId, await this.#options.answer(asked, signal), signal);
      } else await pause(this.#options.clock, intervalOf(task), signal);
    }
  }
}

/** The questions that are new; a server may repeat those it has the answers of already. They count as answered now. */
function unanswered({ status, inputRequests }: TaskInfo, answered: Set<string>): JsonObject | undefined {
  if (status !== 'input_required' || !isJsonObject(inputRequests)) return undefined;
  const fresh = Object.entries(inputRequests).filter(([key]) => !answered.has(key));
  for (const [key] of fresh) answered.add(key);
  return fresh.length === 0 ? undefined : Object.fromEntries(fresh);
}

/** What is too short, or longer than timers go, would make a loop without a pause. */
const intervalOf = ({ pollIntervalMs }: TaskInfo): number =>
  typeof pollIntervalMs === 'number' && pollIntervalMs > 0
    ? Math.min(Math.max(pollIntervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS)
    : POLL_INTERVAL_MS;

/** Unit: ms. */
const MIN_INTERVAL_MS = 20;
const MAX_INTERVAL_MS = 60 * 60 * 1000;

/** Whether a result is a handle. */
export const isTaskHandle = (result: Result): result is Result & TaskInfo =>
  result.resultType === 'task' && typeof result.taskId === 'string';

const never = (): AbortSignal => new AbortController().signal;

/** Waits; rejects as soon as the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop();
      reject(McpError.from(signal.reason));
    };
    const stop = clock.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
