import type { Call } from '../core/call.ts';
import type { RpcError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Store } from '../core/store.ts';

/** Where a task is; the last three are final. */
export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** A task as it is kept: enough to answer for it, and to go on with it, in any process that shares the store. */
export interface TaskRecord {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Whose task it is; null for an anonymous caller. */
  readonly owner: { readonly subject: string; readonly issuer: string | undefined } | null;
  /** Which leg of the tool call is running or waited for, from 0. */
  readonly round: number;
  /** `params` of the tool call, as it was made. */
  readonly params: JsonObject;
  /** What the round that waits has asked for, by keys that are unique over all rounds: see {@link taskKey}. */
  readonly inputRequests?: JsonObject | undefined;
  readonly requestState?: string | undefined;
  readonly result?: JsonObject | undefined;
  readonly error?: RpcError | undefined;
}

/** Whether nothing more will happen to a task. */
export const isFinal = (status: TaskStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

/** Whether a task is the caller's: two issuers may both have a subject of that name. */
export const isOwnedBy = ({ owner }: TaskRecord, { principal }: Call): boolean =>
  owner?.subject === principal?.subject && owner?.issuer === principal?.issuer;

/** How long a replica may be silent before its task counts as orphaned. Unit: ms. */
const LEASE_MS = 30_000;

/** How often a running task is told to be alive. Unit: ms. */
export const LEASE_RENEWAL_MS = 10_000;

/**
 * The records of tasks.
 *
 * @remarks Whoever claims a round, and only that one, writes the record until the round is over: two replicas that
 * both see the last answer come in do not both run the tool. Answers and the wish to cancel have keys of their own.
 */
export class TaskRecords {
  readonly #store: Store;
  readonly #ttlMs: number;

  constructor(store: Store, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /** @param taskId - as a caller says it: any text */
  async read(taskId: string): Promise<TaskRecord | undefined> {
    // Other text could lead to another key, e.g. to an answer, which callers write.
    if (!TASK_ID.test(taskId)) return undefined;
    const json = await this.#store.get(key(taskId));
    return json === undefined ? undefined : (JSON.parse(json) as TaskRecord);
  }

  write(record: TaskRecord): Promise<void> {
    return this.#store.set(key(record.taskId), JSON.stringify(record), this.#ttlMs);
  }

  /** Takes a round: resolves with true for one caller only. */
  claim({ taskId }: TaskRecord, step: string): Promise<boolean> {
    return this.#store.add(key(taskId, `claim:${step}`), '1', this.#ttlMs);
  }

  /** Takes the round that waits: to go on with it, or to end it. */
  claimRound(record: TaskRecord): Promise<boolean> {
    return this.claim(record, `round ${record.round}`);
  }

  /** Keeps an answer to a question of the round that waits; the first one stands. */
  async answer(record: TaskRecord, name: string, response: unknown): Promise<void> {
    await this.#store.add(answerKey(record, name), JSON.stringify(response), this.#ttlMs);
  }

  /** The answers to the round that waits, by question. */
  async answers(record: TaskRecord): Promise<JsonObject> {
    const names = Object.keys(record.inputRequests ?? {});
    const found = await Promise.all(names.map((name) => this.#store.get(answerKey(record, name))));
    const given = names.flatMap((name, index) => {
      const json = found[index];
      return json === undefined ? [] : [[name, JSON.parse(json) as unknown] as const];
    });
    return Object.fromEntries(given);
  }

  async wishCancelled(taskId: string): Promise<void> {
    await this.#store.add(key(taskId, 'cancel'), '1', this.#ttlMs);
  }

  async isCancelWished(taskId: string): Promise<boolean> {
    return (await this.#store.get(key(taskId, 'cancel'))) !== undefined;
  }

  /** Says that a task is being worked on. */
  renewLease(taskId: string): Promise<void> {
    return this.#store.set(key(taskId, 'lease'), '1', LEASE_MS);
  }

  /** Says that nobody works on a task of this process any more: another one may take it over. */
  dropLease(taskId: string): Promise<void> {
    return this.#store.delete(key(taskId, 'lease'));
  }

  async hasLease(taskId: string): Promise<boolean> {
    return (await this.#store.get(key(taskId, 'lease'))) !== undefined;
  }
}

/** 16 random bytes as Base64url. */
const TASK_ID = /^[\w-]{22}$/;

/**
 * The key by which a question of a round is known to the caller. A question whose answer did not fit is asked again
 * under its own key by the function, and must be another one here: callers answer each key once.
 * @see https://github.com/modelcontextprotocol/ext-tasks, "Task update requests"
 */
export const taskKey = (key: string, round: number): string =>
  // An id of the function that looks like such a key would be one of another round.
  round > 1 || key.includes('#') ? `${key}#${round}` : key;

/** The key by which the function knows a question: undoes {@link taskKey}. */
export const ownKey = (key: string): string => key.replace(/#\d+$/, '');

const key = (taskId: string, part = 'record'): string => `mcp:task:${taskId}:${part}`;

const answerKey = ({ taskId, round }: TaskRecord, name: string): string => key(taskId, `answer:${round}:${name}`);

/** What callers see of a task on its creation: no result, no questions. */
export function taskInfo(record: TaskRecord, times: { ttlMs: number; pollIntervalMs: number }): JsonObject {
  const { taskId, status, statusMessage, createdAt, lastUpdatedAt } = record;
  return {
    taskId,
    status,
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt,
    lastUpdatedAt,
    ...times,
  };
}

/** What the status brings along: the questions that are open, the result, or the error. */
export function taskDetail(record: TaskRecord, answers: JsonObject): JsonObject {
  if (record.status === 'completed') return { result: record.result };
  if (record.status === 'failed') return { error: record.error };
  if (record.status !== 'input_required' || !isJsonObject(record.inputRequests)) return {};
  const open = Object.entries(record.inputRequests).filter(([name]) => !Object.hasOwn(answers, name));
  return { inputRequests: Object.fromEntries(open) };
}
