import {
  createCall,
  isJsonObject,
  type Call,
  type ClientIdentity,
  type Clock,
  type JsonObject,
  type Message,
  type Principal,
} from '@org/mcp-sdk';
import type { Route } from '../core/routed-call.ts';
import type { Pick } from './pick.ts';
import { reach } from './reach.ts';
import type { TaskIds } from './task-ids.ts';
import { TAKES_TASKS, withTaskId } from './tasks.ts';

/** Told of the state that a task got into, under the id that its caller knows. */
export type OnTask = (taskId: string, message: Message) => void;

/** Watches tasks of a caller; says which of them it is told of, and what ends that. */
export type WatchTasks = (call: Call, taskIds: readonly string[], onTask: OnTask) => Promise<WatchedTasks>;

/** Tasks that are watched. */
export interface WatchedTasks {
  readonly taskIds: readonly string[];
  readonly stop: () => void;
}

/** What tasks are watched with. */
export interface TaskWatchOptions {
  readonly ids: TaskIds;
  readonly clock: Clock;
  readonly clientInfo: ClientIdentity;
  readonly pick: Pick;
  /** How long an upstream may take to say what it tells of. Unit: ms. */
  readonly timeoutMs: number;
}

/** Pause before a stream that broke is opened again. Unit: ms. */
const REOPEN_MS = 2_000;

/** Watches tasks where they are: one stream for each endpoint. Those of nobody, or of another caller, are left out. */
export const createWatchTasks =
  (options: TaskWatchOptions): WatchTasks =>
  async (call, taskIds, onTask) => {
    const watches = new Map<unknown, TaskStream>();
    for (const taskId of taskIds) {
      const route = await options.ids.open(taskId, call);
      if (!route) continue;
      const place = route.endpoint ?? route.upstream;
      const watch = watches.get(place) ?? new TaskStream(options, { call, route, onTask });
      watches.set(place, watch.add(route.target, taskId));
    }
    const honoured = await Promise.all([...watches.values()].map((watch) => watch.open()));
    return {
      taskIds: honoured.flat(),
      stop: () => {
        for (const watch of watches.values()) watch.stop();
      },
    };
  };

/** What one endpoint tells of tasks. */
class TaskStream {
  readonly #options: TaskWatchOptions;
  readonly #principal: Principal | null;
  readonly #route: Route;
  readonly #onTask: OnTask;
  /** Ids that the caller knows, by those of the upstream. */
  readonly #tasks = new Map<string, string>();
  readonly #stop = new AbortController();

  constructor(options: TaskWatchOptions, { call, route, onTask }: { call: Call; route: Route; onTask: OnTask }) {
    this.#options = options;
    this.#principal = call.principal;
    this.#route = route;
    this.#onTask = onTask;
  }

  add(taskId: string, known: string): this {
    this.#tasks.set(taskId, known);
    return this;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Resolves with the tasks that the endpoint tells of; none if it does not say so in time. */
  async open(): Promise<readonly string[]> {
    let stopTimer = (): void => undefined;
    const late = new Promise<string[]>((resolve) => {
      stopTimer = this.#options.clock.after(this.#options.timeoutMs, () => {
        resolve([]);
      });
    });
    const acknowledged = new Promise<string[]>((resolve) => {
      void this.#listen(resolve).then(() => {
        resolve([]);
      });
    });
    const honoured = await Promise.race([acknowledged, late]);
    stopTimer();
    if (honoured.length === 0) this.stop();
    for (const taskId of this.#tasks.keys()) if (!honoured.includes(taskId)) this.#tasks.delete(taskId);
    return [...this.#tasks.values()];
  }

  /** Listens until it is stopped; a stream that breaks is opened again, and tells first how the tasks are by then. */
  async #listen(onAcknowledged: (taskIds: string[]) => void): Promise<void> {
    let acknowledge = onAcknowledged;
    while (!this.#stop.signal.aborted) {
      const wasOpen = await this.#read(acknowledge).catch(() => false);
      if (acknowledge === onAcknowledged && !wasOpen) return;
      acknowledge = () => void this.#tellAll();
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stopTimer = this.#options.clock.after(REOPEN_MS, resolve);
      const stop = (): void => {
        stopTimer();
        resolve();
      };
      this.#stop.signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** @returns whether the stream was acknowledged before it ended */
  async #read(onAcknowledged: (taskIds: string[]) => void): Promise<boolean> {
    const notifications = { taskIds: [...this.#tasks.keys()] };
    let wasOpen = false;
    for await (const message of await this.#messages('subscriptions/listen', { notifications })) {
      if (message.kind !== 'notification') break;
      if (message.method === 'notifications/tasks') this.#tell(message.params.value.taskId, message);
      if (message.method !== 'notifications/subscriptions/acknowledged') continue;
      wasOpen = true;
      onAcknowledged(taskIdsIn(message.params.value.notifications));
    }
    return wasOpen;
  }

  async #messages(method: string, params: JsonObject): Promise<AsyncIterable<Message>> {
    const { upstream, endpoint } = this.#route;
    const { pick, clientInfo } = this.#options;
    const { connection } = await reach(upstream, pick, endpoint);
    // A server in this process sees who is acting.
    const as = { principal: this.#principal, clientInfo, clientCapabilities: TAKES_TASKS };
    return (await connection.handler(createCall(method, params, { ...as, signal: this.#stop.signal }))).messages();
  }

  #tell(taskId: unknown, message: Message): void {
    const known = typeof taskId === 'string' ? this.#tasks.get(taskId) : undefined;
    if (known === undefined || message.kind !== 'notification') return;
    const params = withTaskId(message.params, { from: String(taskId), to: known });
    this.#onTask(known, { ...message, params });
  }

  /** One that cannot be asked for is told of when it changes next. */
  async #tellAll(): Promise<void> {
    await Promise.allSettled([...this.#tasks.keys()].map((taskId) => this.#tellState(taskId)));
  }

  async #tellState(taskId: string): Promise<void> {
    for await (const message of await this.#messages('tasks/get', { taskId }))
      if (message.kind === 'result')
        this.#tell(taskId, { kind: 'notification', method: 'notifications/tasks', params: message.result });
  }
}

function taskIdsIn(filter: unknown): string[] {
  const taskIds: unknown = isJsonObject(filter) ? filter.taskIds : undefined;
  return Array.isArray(taskIds) ? taskIds.filter((taskId) => typeof taskId === 'string') : [];
}
