import type { Call } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { RemoteError, type Reply, type Result } from '../core/reply.ts';
import { TASK, type TaskCall } from './ask-state.ts';
import { LEASE_RENEWAL_MS, ownKey, taskKey, type TaskRecord, type TaskRecords } from './task-record.ts';
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
    const { taskId } = record;
    const isRunning = (): boolean => this.#running.get(taskId) === controller;
    this.#running.set(taskId, controller);
    const stop = this.#keepLease(taskId, isRunning);
    const status = new StatusLine((statusMessage) => this.#tell(record, statusMessage));
    try {
      const { ttlMs } = this.#options;
      const work = this.#work(detached(record, call, { signal: controller.signal, ttlMs }), status);
      // A tool that does not listen to its signal keeps nobody waiting.
      const result = await Promise.race([work, aborted(controller.signal)]);
      await status.end();
      await this.#finish(record, result);
    } catch (thrown) {
      await status.end();
      await this.#fail(record, thrown, controller.signal);
    } finally {
      stop();
      // The next round may have begun: whoever sees in the store that this one is over may answer.
      if (isRunning()) this.#running.delete(taskId);
    }
  }

  async #work(call: Call, status: StatusLine): Promise<Result> {
    return readReply(await this.#options.callTool(call), status);
  }

  async #finish(record: TaskRecord, result: Result): Promise<void> {
    const { records } = this.#options;
    const written = await this.#write(record, outcomeOf(record, result));
    // Who wished so while it worked has not seen that it waits now.
    if (written.status !== 'input_required' || !(await records.isCancelWished(record.taskId))) return;
    if (await records.claimRound(written)) await this.#write(written, { status: 'cancelled' });
  }

  /** A word on the way is worth less than the task: a store that does not take it does not end it. */
  async #tell(record: TaskRecord, statusMessage: string): Promise<void> {
    try {
      await this.#write(record, { status: 'working', statusMessage });
    } catch (cause) {
      this.#record('task.progress_lost', record.taskId, cause);
    }
  }

  async #fail(record: TaskRecord, thrown: unknown, { aborted: wasAborted }: AbortSignal): Promise<void> {
    const { records, runtime, isRepeatable } = this.#options;
    const isClosing = runtime.closing.aborted;
    if (wasAborted && !isClosing) {
      await this.#write(record, { status: 'cancelled' });
      return;
    }
    // It goes on in another process.
    if (wasAborted && runtime.store && isRepeatable(String(record.params.name)))
      return records.dropLease(record.taskId);
    const error = rpcOf(thrown);
    await this.#write(record, { status: 'failed', error, statusMessage: error.message });
  }

  /** Stops a run of this process; does nothing if another one has it. */
  abort(taskId: string, message: string): void {
    this.#running.get(taskId)?.abort(new McpError('cancelled', message));
  }

  async #write(record: TaskRecord, next: Next): Promise<TaskRecord> {
    const { records, runtime, onChange } = this.#options;
    const lastUpdatedAt = new Date(runtime.clock.wallClock()).toISOString();
    const written = { ...record, statusMessage: undefined, ...next, lastUpdatedAt };
    await records.write(written);
    onChange(written);
    return written;
  }

  #record(name: string, taskId: string, cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#options.runtime.telemetry.record({ name, severity: 'warn', fields: { taskId, message } });
  }

  /** Says that the task is alive, and looks whether another replica was asked to cancel it, until stopped. */
  #keepLease(taskId: string, isRunning: () => boolean): () => void {
    const { records, runtime } = this.#options;
    const beat = async (): Promise<void> => {
      if (!isRunning()) return;
      cancel = runtime.clock.after(LEASE_RENEWAL_MS, () => void beat());
      try {
        await records.renewLease(taskId);
        if (isRunning() && (await records.isCancelWished(taskId))) this.abort(taskId, 'Cancelled by the caller.');
      } catch (cause) {
        this.#record('task.lease_failed', taskId, cause);
      }
    };
    let cancel = runtime.clock.after(LEASE_RENEWAL_MS, () => void beat());
    return () => {
      cancel();
    };
  }
}

/** What a run says of itself, written one after the other; what is outdated by then is left out. */
class StatusLine {
  readonly #write: (statusMessage: string) => Promise<void>;
  #newest: string | undefined;
  #writing: Promise<void> | undefined;
  #isOver = false;

  constructor(write: (statusMessage: string) => Promise<void>) {
    this.#write = write;
  }

  tell(statusMessage: string): void {
    if (this.#isOver) return;
    this.#newest = statusMessage;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing is being written any more: a late word must not stand over the end of the run. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#newest = undefined;
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#newest; next !== undefined; next = this.#newest) {
      this.#newest = undefined;
      await this.#write(next);
    }
    this.#writing = undefined;
  }
}

/**
 * Reads a reply to its end; progress becomes the status message.
 * @see https://github.com/modelcontextprotocol/ext-tasks, "Task Status Notifications": tasks have no `notifications/progress`
 */
async function readReply(reply: Reply, status: StatusLine): Promise<Result> {
  if (reply.single) return reply.result();
  for await (const message of reply.messages()) {
    if (message.kind === 'result') return message.result.value;
    if (message.kind === 'error') throw new RemoteError(message.error.value);
    if (message.method === 'notifications/progress') status.tell(progressText(message.params.value));
  }
  throw new McpError('internal', 'The tool ended without a result.');
}

function progressText({ message, progress, total }: JsonObject): string {
  if (typeof message === 'string') return message;
  return typeof total === 'number' ? `${Number(progress)}/${total}` : String(Number(progress));
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
  const own = Object.entries(answers).map(([key, answer]) => [ownKey(key), answer] as const);
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
