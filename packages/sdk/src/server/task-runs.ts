import type { Call } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { RemoteError, type Reply, type Result } from '../core/reply.ts';
import { TASK, type TaskCall } from './ask-state.ts';
import { LEASE_RENEWAL_MS, taskKey, type TaskRecord, type TaskRecords } from './task-record.ts';
import type { ServerRuntime } from './runtime.ts';

/** What the runs of tasks work with. */
export interface TaskRunsOptions {
  readonly records: TaskRecords;
  readonly runtime: ServerRuntime;
  /** Answers `tools/call`; the run of a task is such a call, detached from the one that started it. */
  readonly callTool: Handler;
  /** How long a task is kept. Unit: ms. */
  readonly ttlMs: number;
  /** Whether another process may run the tool again. */
  readonly isRepeatable: (tool: string) => boolean;
  /** Told of each state that a task gets into. */
  readonly onChange: (record: TaskRecord) => void;
}

/** What a task becomes: the members that change with its status. */
type Next = Pick<TaskRecord, 'status'> & Partial<TaskRecord>;

/** Token of the progress that becomes `statusMessage`. */
const PROGRESS_TOKEN = 'task';

/** The tool calls that run on when the request that started them has been answered. */
export class TaskRuns {
  readonly #options: TaskRunsOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(options: TaskRunsOptions) {
    this.#options = options;
    options.runtime.closing.addEventListener('abort', () => {
      for (const taskId of this.#running.keys()) this.abort(taskId, 'The server is closing.');
    });
  }

  /** Runs the round of a task that the caller has claimed; resolves when the round is over and written. */
  async run(record: TaskRecord, call: Call): Promise<void> {
    const controller = new AbortController();
    this.#running.set(record.taskId, controller);
    const stop = this.#keepLease(record.taskId);
    try {
      const { ttlMs } = this.#options;
      const work = this.#work(record, detached(record, call, { signal: controller.signal, ttlMs }));
      // A tool that does not listen to its signal keeps nobody waiting.
      const result = await Promise.race([work, aborted(controller.signal)]);
      await this.#write(record, outcomeOf(record, result));
    } catch (thrown) {
      await this.#fail(record, thrown, controller.signal);
    } finally {
      stop();
      this.#running.delete(record.taskId);
    }
  }

  async #work(record: TaskRecord, call: Call): Promise<Result> {
    return this.#read(record, await this.#options.callTool(call));
  }

  async #fail(record: TaskRecord, thrown: unknown, { aborted: wasAborted }: AbortSignal): Promise<void> {
    const { records, runtime, isRepeatable } = this.#options;
    const isClosing = runtime.closing.aborted;
    if (wasAborted && !isClosing) return this.#write(record, { status: 'cancelled' });
    // It goes on in another process.
    if (wasAborted && runtime.store && isRepeatable(String(record.params.name)))
      return records.dropLease(record.taskId);
    const error = rpcOf(thrown);
    return this.#write(record, { status: 'failed', error, statusMessage: error.message });
  }

  /** Stops a run of this process; does nothing if another one has it. */
  abort(taskId: string, message: string): void {
    this.#running.get(taskId)?.abort(new McpError('cancelled', message));
  }

  /** Reads a reply to its end; progress becomes the status message. */
  async #read(record: TaskRecord, reply: Reply): Promise<Result> {
    if (reply.single) return reply.result();
    for await (const message of reply.messages()) {
      if (message.kind === 'result') return message.result.value;
      if (message.kind === 'error') throw new RemoteError(message.error.value);
      const statusMessage = message.params.value.message;
      const isOver = !this.#running.has(record.taskId);
      if (!isOver && message.method === 'notifications/progress' && typeof statusMessage === 'string')
        await this.#write(record, { status: 'working', statusMessage });
    }
    throw new McpError('internal', 'The tool ended without a result.');
  }

  async #write(record: TaskRecord, next: Next): Promise<void> {
    const { records, runtime, onChange } = this.#options;
    const lastUpdatedAt = new Date(runtime.clock.wallClock()).toISOString();
    const written = { ...record, statusMessage: undefined, ...next, lastUpdatedAt };
    await records.write(written);
    onChange(written);
  }

  /** Says that the task is alive, and looks whether another replica was asked to cancel it, until stopped. */
  #keepLease(taskId: string): () => void {
    const { records, runtime } = this.#options;
    const beat = async (): Promise<void> => {
      if (!this.#running.has(taskId)) return;
      cancel = runtime.clock.after(LEASE_RENEWAL_MS, () => void beat());
      try {
        await records.renewLease(taskId);
        if (await records.isCancelWished(taskId)) this.abort(taskId, 'Cancelled by the caller.');
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        runtime.telemetry.record({ name: 'task.lease_failed', severity: 'warn', fields: { taskId, message } });
      }
    };
    let cancel = runtime.clock.after(LEASE_RENEWAL_MS, () => void beat());
    return () => {
      cancel();
    };
  }
}

/** The tool call of a round: what a middleware has added to the request at hand stays on it. */
function detached(record: TaskRecord, call: Call, { signal, ttlMs }: { signal: AbortSignal; ttlMs: number }): TaskCall {
  return {
    ...call,
    method: 'tools/call',
    target: String(record.params.name),
    params: Payload.of(record.params),
    signal,
    round: record.round,
    progressToken: PROGRESS_TOKEN,
    logLevel: undefined,
    // Those of the request that started the task were checked then; others are not about the tool.
    paramHeaders: undefined,
    [TASK]: { taskId: record.taskId, ttlMs },
  };
}

function outcomeOf(record: TaskRecord, result: Result): Next {
  if (result.resultType !== 'input_required') return { status: 'completed', result };
  const { inputRequests, requestState } = result;
  const round = record.round + 1;
  const questions = Object.entries(isJsonObject(inputRequests) ? inputRequests : {});
  return {
    status: 'input_required',
    round,
    inputRequests: Object.fromEntries(questions.map(([key, question]) => [taskKey(key, round), question])),
    requestState: typeof requestState === 'string' ? requestState : undefined,
  };
}

const rpcOf = (thrown: unknown): RpcError =>
  thrown instanceof RemoteError ? thrown.rpc : McpError.from(thrown).toRpc();

/** A task that waited, with its questions answered: as it goes on. */
export function resumed(record: TaskRecord, answers: JsonObject): TaskRecord {
  const suffix = taskKey('', record.round).length;
  const own = Object.entries(answers).map(([key, answer]) => [key.slice(0, key.length - suffix), answer] as const);
  const inputResponses = Object.fromEntries(own);
  const { inputRequests: _asked, requestState, ...rest } = record;
  const { requestState: _old, ...params } = record.params;
  const state = requestState === undefined ? {} : { requestState };
  return { ...rest, status: 'working', params: { ...params, inputResponses, ...state } };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(McpError.from(signal.reason));
    });
  });
}
