import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import { resultReply, type Reply, type Result } from '../core/reply.ts';
import { createMemoryStore } from '../core/store.ts';
import { toBase64Url } from '../wire/base64.ts';
import { checkResponse } from '../wire/question.ts';
import type { ServerRuntime } from './runtime.ts';
import { isFinal, isOwnedBy, taskDetail, taskInfo, TaskRecords, type TaskRecord } from './task-record.ts';
import { resumed, TaskRuns } from './task-runs.ts';

/** Name of the extension in capabilities. @see https://github.com/modelcontextprotocol/ext-tasks */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** How long a task is kept after its last change. Unit: ms. A day: somebody may be asked overnight. */
const TTL_MS = 24 * 60 * 60 * 1000;

/** How often a caller should look. Unit: ms. */
const POLL_INTERVAL_MS = 1_000;

/** What tasks are made of. */
export interface TasksOptions {
  readonly runtime: ServerRuntime;
  /** Answers `tools/call` without making a task of it. */
  readonly callTool: Handler;
  /** Whether a tool may run again when the process that ran it has ended. */
  readonly isRepeatable: (tool: string) => boolean;
  /** Told of each state that a task of this process gets into: `params` of `notifications/tasks`. */
  readonly onChange: (task: JsonObject) => void;
}

/**
 * The tasks extension: a tool call that is answered at once with a handle, and goes on without a connection.
 *
 * @remarks Tasks are kept in the store of the server, or in memory without one. With a shared store any replica answers
 * for a task, takes its answers and cancels it. When the process that ran a tool has ended, the task goes on elsewhere
 * if the tool says that it may be repeated (`annotations.idempotentHint` or `readOnlyHint`), and has failed otherwise.
 */
export class Tasks {
  readonly #options: TasksOptions;
  readonly #records: TaskRecords;
  readonly #runs: TaskRuns;

  constructor(options: TasksOptions) {
    const { runtime, callTool } = options;
    this.#options = options;
    this.#records = new TaskRecords(runtime.store ?? createMemoryStore(runtime.clock), TTL_MS);
    this.#runs = new TaskRuns({
      records: this.#records,
      runtime,
      callTool,
      ttlMs: TTL_MS,
      isRepeatable: options.isRepeatable,
      onChange: (record) => {
        this.#tell(record);
      },
    });
  }

  /** The methods of the extension. */
  readonly methods: Readonly<Record<string, Handler>> = {
    'tasks/get': async (call) => complete(await this.#describe(await this.#find(call), call)),
    'tasks/update': (call) => this.#update(call),
    'tasks/cancel': (call) => this.#cancel(call),
  };

  /** Makes a task of a tool call. The record is written before it is answered, so that the handle is good at once. */
  async start(call: Call): Promise<Reply> {
    const now = this.#now();
    const record: TaskRecord = {
      taskId: toBase64Url(this.#options.runtime.random.bytes(16)),
      status: 'working',
      createdAt: now,
      lastUpdatedAt: now,
      owner: call.principal && { subject: call.principal.subject, issuer: call.principal.issuer },
      // What was asked before there was a task is answered already.
      round: call.round,
      params: call.params.value,
    };
    await this.#launch(record, call);
    return resultReply(Payload.of<Result>({ resultType: 'task', ...info(record) }));
  }

  /**
   * Those of the tasks that are the caller's: what it may listen to.
   * @throws McpError `missing_client_capability` if it names tasks and does not know the extension
   */
  async ownedBy(call: Call, taskIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (taskIds.length === 0) return new Set();
    requireTasks(call);
    const records = await Promise.all(taskIds.map((taskId) => this.#records.read(taskId)));
    return new Set(records.flatMap((record) => (record && isOwnedBy(record, call) ? [record.taskId] : [])));
  }

  async #find(call: Call): Promise<TaskRecord> {
    requireTasks(call);
    const { taskId } = call.params.value;
    if (typeof taskId !== 'string') throw new McpError('invalid_params', 'params.taskId must be a string.');
    const record = await this.#records.read(taskId);
    // Another's task is answered like one that never was.
    if (record && isOwnedBy(record, call)) return record;
    throw new McpError('not_found', `Unknown task: ${taskId.slice(0, 80)}`);
  }

  async #describe(record: TaskRecord, call: Call): Promise<JsonObject> {
    const current = await this.#adopt(record, call);
    return { ...info(current), ...taskDetail(current, await this.#records.answers(current)) };
  }

  async #update(call: Call): Promise<Reply> {
    const record = await this.#find(call);
    const { inputResponses } = call.params.value;
    if (!isJsonObject(inputResponses)) throw new McpError('invalid_params', 'params.inputResponses must be an object.');
    if (record.status !== 'input_required') return complete({});
    const asked = Object.keys(record.inputRequests ?? {});
    const before = await this.#records.answers(record);
    const given = asked.filter((name) => Object.hasOwn(inputResponses, name) && !Object.hasOwn(before, name));
    // One that is none would end the task: it is refused, and the task waits on.
    for (const name of given) checkAnswer(record.inputRequests?.[name], inputResponses[name]);
    await Promise.all(given.map((name) => this.#records.answer(record, name, inputResponses[name])));
    const answers = await this.#records.answers(record);
    if (Object.keys(answers).length === asked.length) await this.#resume(record, answers, call);
    return complete({});
  }

  async #resume(record: TaskRecord, answers: JsonObject, call: Call): Promise<void> {
    if (!(await this.#records.claimRound(record))) return;
    await this.#launch({ ...resumed(record, answers), lastUpdatedAt: this.#now() }, call);
  }

  async #cancel(call: Call): Promise<Reply> {
    const record = await this.#find(call);
    if (isFinal(record.status)) return complete({});
    await this.#records.wishCancelled(record.taskId);
    this.#runs.abort(record.taskId, 'Cancelled by the caller.');
    // It may wait by now. Then nobody runs it: the claim makes sure that nobody will.
    const current = (await this.#records.read(record.taskId)) ?? record;
    if (current.status === 'input_required' && (await this.#records.claimRound(current)))
      await this.#end({ ...current, status: 'cancelled' });
    return complete({});
  }

  /** Takes over a task whose process has ended: it goes on, or has failed. */
  async #adopt(record: TaskRecord, call: Call): Promise<TaskRecord> {
    if (record.status !== 'working' || (await this.#records.hasLease(record.taskId))) return record;
    const claimed = await this.#records.claim(record, `orphan ${record.round} ${record.lastUpdatedAt}`);
    // It may have ended between the two looks.
    const current = (await this.#records.read(record.taskId)) ?? record;
    if (!claimed || current.status !== 'working') return current;
    if (await this.#records.isCancelWished(record.taskId)) return this.#end({ ...current, status: 'cancelled' });
    if (this.#options.isRepeatable(String(record.params.name))) {
      // Another time than before: the process that takes it over may end as well.
      const taken = { ...current, lastUpdatedAt: this.#now() };
      await this.#launch(taken, call);
      return taken;
    }
    const error = new McpError('unavailable', 'The process that ran this task has ended; it may have run in part.');
    const { message: statusMessage } = error;
    return this.#end({ ...current, status: 'failed', statusMessage, error: error.toRpc() });
  }

  /** Starts a round. The lease comes first: without one the task would look orphaned to whoever asks now. */
  async #launch(record: TaskRecord, call: Call): Promise<void> {
    await this.#records.renewLease(record.taskId);
    await this.#records.write(record);
    this.#tell(record);
    void this.#run(record, call);
  }

  async #run(record: TaskRecord, call: Call): Promise<void> {
    try {
      await this.#runs.run(record, call);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const fields = { taskId: record.taskId, message };
      this.#options.runtime.telemetry.record({ name: 'task.lost', severity: 'error', fields });
    }
  }

  async #end(record: TaskRecord): Promise<TaskRecord> {
    const ended = { ...record, lastUpdatedAt: this.#now() };
    await this.#records.write(ended);
    this.#tell(ended);
    return ended;
  }

  #now(): string {
    return new Date(this.#options.runtime.clock.wallClock()).toISOString();
  }

  #tell(record: TaskRecord): void {
    this.#options.onChange({ ...info(record), ...taskDetail(record, {}) });
  }
}

/** @throws McpError `invalid_params` if it is no answer to what was asked */
function checkAnswer(question: unknown, answer: unknown): void {
  if (isJsonObject(question) && typeof question.method === 'string') checkResponse(question.method, answer);
}

/** Whether the caller knows what to do with a task. */
export function wantsTasks(call: Call): boolean {
  const meta = call.params.value._meta;
  const capabilities = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  const extensions = isJsonObject(capabilities) ? capabilities.extensions : undefined;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

function requireTasks(call: Call): void {
  if (wantsTasks(call)) return;
  throw new McpError('missing_client_capability', `${call.method} needs the extension ${TASKS_EXTENSION}.`, {
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
}

/** Callers count `ttlMs` from the creation; a task is kept that long after each change. */
function info(record: TaskRecord): JsonObject {
  const age = Date.parse(record.lastUpdatedAt) - Date.parse(record.createdAt);
  return taskInfo(record, { ttlMs: age + TTL_MS, pollIntervalMs: POLL_INTERVAL_MS });
}

const complete = (members: JsonObject): Reply =>
  resultReply(Payload.of<Result>({ resultType: 'complete', ...members }));
