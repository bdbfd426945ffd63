import type { Call } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { RemoteError, type Reply, type Result } from '../core/reply.ts';
import { LEASE_RENEWAL_MS, type TaskRecord, type TaskRecords } from './task-record.ts';
import type { ServerRuntime } from './runtime.ts';

/** What the runs of tasks work with. */
export interface TaskRunsOptions {
  readonly records: TaskRecords;
  readonly runtime: ServerRuntime;
  /** Answers `tools/call`; the run of a task is such a call, detached from the one that started it. */
  readonly callTool: Handler;
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
    const { runtime } = this.#options;
    const controller = new AbortController();
    this.#running.set(record.taskId, controller);
    const stop = this.#keepLease(record.taskId);
    try {
      const reply = await this.#options.callTool(detached(record, call, controller.signal));
      await this.#write(record, outcomeOf(record, await this.#read(record, reply)));
    } catch (thrown) {
      const cancelled = controller.signal.aborted && !runtime.closing.aborted;
      await this.#write(record, cancelled ? { status: 'cancelled' } : { status: 'failed', error: rpcOf(thrown) });
    } finally {
      stop();
      this.#running.delete(record.taskId);
    }
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
      if (message.method === 'notifications/progress' && typeof statusMessage === 'string')
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
function detached(record: TaskRecord, call: Call, signal: AbortSignal): Call {
  return {
    ...call,
    method: 'tools/call',
    target: String(record.params.name),
    params: Payload.of(record.params),
    signal,
    round: record.round,
    progressToken: PROGRESS_TOKEN,
    logLevel: undefined,
  };
}

function outcomeOf(record: TaskRecord, result: Result): Next {
  if (result.resultType !== 'input_required') return { status: 'completed', result };
  const { inputRequests, requestState } = result;
  return {
    status: 'input_required',
    round: record.round + 1,
    inputRequests: isJsonObject(inputRequests) ? inputRequests : {},
    requestState: typeof requestState === 'string' ? requestState : undefined,
  };
}

const rpcOf = (thrown: unknown): RpcError =>
  thrown instanceof RemoteError ? thrown.rpc : McpError.from(thrown).toRpc();

/** A task that waited, with its questions answered: as it goes on. */
export function resumed(record: TaskRecord, inputResponses: JsonObject): TaskRecord {
  const { inputRequests: _asked, requestState, ...rest } = record;
  const { requestState: _old, ...params } = record.params;
  const state = requestState === undefined ? {} : { requestState };
  return { ...rest, status: 'working', params: { ...params, inputResponses, ...state } };
}
