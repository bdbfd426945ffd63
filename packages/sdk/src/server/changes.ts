import type { Call } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import type { ServerRuntime } from './runtime.ts';

/** What changes, by the member of the filter and the notification that tells of it. */
const LISTS = {
  toolsListChanged: 'notifications/tools/list_changed',
  promptsListChanged: 'notifications/prompts/list_changed',
  resourcesListChanged: 'notifications/resources/list_changed',
} as const;

/** A list that may change. */
export type ListChange = keyof typeof LISTS;

/** Watches a resource for the callers that listen to it; returns what ends that. */
export type Watch = (uri: string, changed: () => void) => () => void;

interface Listener {
  readonly lists: ReadonlySet<string>;
  readonly uris: ReadonlySet<string>;
  readonly taskIds: ReadonlySet<string>;
  readonly push: (message: Message) => void;
  /** Those of the URIs that are watched for it. */
  readonly watched: Set<string>;
  /** Ends its stream. */
  end: () => void;
}

/** How many resources and tasks one caller may listen to. */
const MAX_NAMED = 1_000;

/** The callers that listen, and what they are told. */
export class Changes {
  readonly #listeners = new Set<Listener>();
  readonly #watched = new Map<string, { count: number; stop: () => void }>();
  readonly #runtime: Pick<ServerRuntime, 'closing' | 'telemetry'>;
  readonly #watchOf: (uri: string) => Watch | undefined;

  /** @param watchOf - how a resource is watched */
  constructor(runtime: Pick<ServerRuntime, 'closing' | 'telemetry'>, watchOf: (uri: string) => Watch | undefined) {
    this.#runtime = runtime;
    this.#watchOf = watchOf;
    // One for all: Node takes many listeners on one signal for a leak.
    runtime.closing.addEventListener('abort', () => {
      for (const { end } of this.#listeners) end();
    });
  }

  /** Tells of a list that has changed. */
  listChanged(list: ListChange): void {
    for (const { lists, push } of this.#listeners) if (lists.has(list)) push(notification(LISTS[list], {}));
  }

  /** Tells of a resource whose content has changed. */
  resourceUpdated(uri: string): void {
    for (const { uris, push } of this.#listeners)
      if (uris.has(uri)) push(notification('notifications/resources/updated', { uri }));
  }

  /** Tells of a task that got into another state. */
  taskChanged(task: JsonObject): void {
    for (const { taskIds, push } of this.#listeners)
      if (taskIds.has(String(task.taskId))) push(notification('notifications/tasks', task));
  }

  /**
   * Answers `subscriptions/listen`: acknowledges what of the filter is honoured, then tells until the caller ends it or
   * the server closes.
   * @param named - of {@link tasksAskedBy} and {@link resourcesAskedBy}, those that the caller may know of
   */
  listen(call: Call, { taskIds, uris }: Pick<Listener, 'taskIds' | 'uris'>): Reply {
    const asked = askedBy(call);
    const queue = new PushQueue<Message>();
    const listener: Listener = {
      lists: new Set(Object.keys(LISTS).filter((list) => asked[list] === true)),
      uris,
      taskIds,
      watched: new Set(),
      end: () => undefined,
      push: (message) => {
        // Whoever reads slowly is told once of what changed often, and how far a task is by its newest word.
        queue.drop((other) => isOutdatedBy(other, message));
        const waits = queue.findLast((other) => isSame(other, message));
        if (!waits) queue.push(message);
      },
    };
    queue.push(notification('notifications/subscriptions/acknowledged', { notifications: honoured(listener) }));
    return this.#open(listener, queue, call.signal);
  }

  #open(listener: Listener, queue: PushQueue<Message>, signal: AbortSignal): Reply {
    const end = (): void => {
      if (!this.#listeners.delete(listener)) return;
      signal.removeEventListener('abort', end);
      for (const uri of listener.watched) this.#unwatch(uri);
      queue.push(ENDED);
      queue.end();
    };
    listener.end = end;
    this.#listeners.add(listener);
    this.#watchAll(listener);
    signal.addEventListener('abort', end, { once: true });
    // A signal that is aborted already tells nobody.
    if (signal.aborted || this.#runtime.closing.aborted) end();
    const reply = streamReply(queue, end);
    void reply.done.then(end);
    return reply;
  }

  /** A watch that fails ends what was begun. */
  #watchAll({ uris, watched, end }: Listener): void {
    try {
      for (const uri of uris) if (this.#watch(uri)) watched.add(uri);
    } catch (thrown) {
      end();
      throw thrown;
    }
  }

  /** @returns whether it is watched: a definition may come to watch, or cease to, while the server runs */
  #watch(uri: string): boolean {
    const watched = this.#watched.get(uri);
    if (watched) watched.count++;
    const watch = watched ? undefined : this.#watchOf(uri);
    if (!watch) return watched !== undefined;
    const stop = watch(uri, () => {
      this.resourceUpdated(uri);
    });
    this.#watched.set(uri, { count: 1, stop });
    return true;
  }

  #unwatch(uri: string): void {
    const watched = this.#watched.get(uri);
    if (!watched || --watched.count > 0) return;
    this.#watched.delete(uri);
    try {
      watched.stop();
    } catch (thrown) {
      // Nobody waits for it: thrown on, it would end the process.
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      this.#runtime.telemetry.record({ name: 'resource.unwatch_failed', severity: 'warn', fields: { uri, message } });
    }
  }
}

/** The last message of a subscription that the server ends of its own accord. */
const ENDED: Message = { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };

const notification = (method: string, params: JsonObject): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});

/** The tasks that a `subscriptions/listen` names. */
export const tasksAskedBy = (call: Call): string[] => strings(askedBy(call).taskIds);

/** The resources that a `subscriptions/listen` names. */
export const resourcesAskedBy = (call: Call): string[] => strings(askedBy(call).resourceSubscriptions);

function askedBy({ params }: Call): JsonObject {
  const { notifications } = params.value;
  return isJsonObject(notifications) ? notifications : {};
}

const isSame = (a: Message, b: Message): boolean =>
  a.kind === 'notification' &&
  b.kind === 'notification' &&
  a.method === b.method &&
  a.method !== 'notifications/tasks' &&
  a.params.value.uri === b.params.value.uri;

const isOutdatedBy = (other: Message, message: Message): boolean =>
  other.kind === 'notification' &&
  message.kind === 'notification' &&
  message.method === 'notifications/tasks' &&
  other.method === message.method &&
  other.params.value.status === 'working' &&
  other.params.value.taskId === message.params.value.taskId;

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string').slice(0, MAX_NAMED) : [];

const honoured = ({ lists, uris, taskIds }: Listener): JsonObject => ({
  ...Object.fromEntries([...lists].map((list) => [list, true])),
  ...(uris.size > 0 ? { resourceSubscriptions: [...uris] } : {}),
  ...(taskIds.size > 0 ? { taskIds: [...taskIds] } : {}),
});
