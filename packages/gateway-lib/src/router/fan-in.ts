import {
  isJsonObject,
  onAbort,
  Payload,
  streamReply,
  type Call,
  type JsonObject,
  type ListMethod,
  type Message,
  type Reply,
} from '@org/mcp-sdk';
import type { OnTask, WatchedTasks, WatchTasks } from './task-watches.ts';
import { requireTasks } from './tasks.ts';

/** Members of a filter, by the list that changes. */
const FILTERS: Readonly<Record<ListMethod, { readonly filter: string; readonly notification: string }>> = {
  'tools/list': { filter: 'toolsListChanged', notification: 'notifications/tools/list_changed' },
  'prompts/list': { filter: 'promptsListChanged', notification: 'notifications/prompts/list_changed' },
  'resources/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
  'resources/templates/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
};

/** Watches a resource wherever it is; resolves with what ends it, undefined if nobody tells of its changes. */
export type WatchResource = (uri: string, onUpdate: (uri: string) => void) => Promise<(() => void) | undefined>;

/** Resources, and tasks, that one stream may watch: each costs the gateway and its upstream. */
const MAX_NAMED = 1_000;

/** Terminal of `subscriptions/listen`: tells each listener of changes of the merged lists, and of the resources, that it asked for. */
export class FanIn {
  readonly #listeners = new Set<Listener>();
  readonly #watch: WatchResource;
  readonly #watchTasks: WatchTasks;
  #closed = false;

  constructor(watch: WatchResource, watchTasks: WatchTasks) {
    this.#watch = watch;
    this.#watchTasks = watchTasks;
  }

  /** Answers a listen call: acknowledged once it is known what is told, open until the caller or the gateway ends it. */
  readonly handler = async (call: Call): Promise<Reply> => {
    const asked = call.params.value.notifications;
    const taskIds = namedIn(asked, 'taskIds');
    if (taskIds.length > 0) requireTasks(call);
    const { listener, end } = this.#open(asked);
    onAbort(call, end);
    if (this.#closed) end();
    await Promise.all([
      listener.watch(namedIn(asked, 'resourceSubscriptions'), this.#watch),
      listener.watchTasks(taskIds, (onTask) => this.#watchTasks(call, taskIds, onTask)),
    ]);
    return streamReply(listener, end);
  };

  /** A function of its own: what ends a listener would else keep its call, as long as the stream is open. */
  #open(asked: unknown): { readonly listener: Listener; readonly end: () => void } {
    const listener = new Listener(honouredOf(asked));
    this.#listeners.add(listener);
    const end = (): void => {
      this.#listeners.delete(listener);
      listener.end();
    };
    return { listener, end };
  }

  /** Tells of a change. */
  changed(method: ListMethod): void {
    for (const listener of this.#listeners) listener.changed(method);
  }

  /** Ends all streams as the protocol says a server does. */
  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }
}

function honouredOf(asked: unknown): JsonObject {
  const honoured: JsonObject = {};
  for (const { filter } of Object.values(FILTERS))
    if (isJsonObject(asked) && asked[filter] === true) honoured[filter] = true;
  return honoured;
}

function namedIn(asked: unknown, member: 'resourceSubscriptions' | 'taskIds'): readonly string[] {
  const named: unknown = isJsonObject(asked) ? asked[member] : undefined;
  const texts = Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
  return [...new Set(texts)].slice(0, MAX_NAMED);
}

/** What is told on one stream. An iterator by hand: thousands of these wait, and a generator takes five times the memory. */
class Listener implements AsyncIterableIterator<Message> {
  readonly #honoured: JsonObject;
  /** What is still to be told, by what makes two of them the same. */
  #pending: Map<string, Message> | undefined;
  #stops: readonly (() => void)[] = [];
  #isAcknowledged = false;
  #ended = false;
  #isOver = false;
  /** Resolves the message that is waited for. */
  #waiting: ((next: Promise<IteratorResult<Message>>) => void) | undefined;

  constructor(honoured: JsonObject) {
    this.#honoured = honoured;
  }

  /** Changes that a slow reader has not been told of yet are told once. */
  changed(method: ListMethod): void {
    const { filter, notification } = FILTERS[method];
    if (this.#honoured[filter] === true) this.#tell(notification, notice(notification, {}));
  }

  /** Watches resources; those that nobody tells of are not acknowledged. */
  async watch(uris: readonly string[], watch: WatchResource): Promise<void> {
    const watched = await Promise.all(
      uris.map(async (uri) => {
        const stop = await watch(uri, (updated) => {
          this.#tell(`${UPDATED} ${updated}`, notice(UPDATED, { uri: updated }));
        });
        if (stop && this.#ended) stop();
        else if (stop) this.#stops = [...this.#stops, stop];
        return stop ? [uri] : [];
      }),
    );
    if (watched.some((each) => each.length > 0)) this.#honoured.resourceSubscriptions = watched.flat();
  }

  /** Watches tasks; of one that changes faster than it is read about, only the newest state is told. */
  async watchTasks(asked: readonly string[], watch: (onTask: OnTask) => Promise<WatchedTasks>): Promise<void> {
    if (asked.length === 0) return;
    const { taskIds, stop } = await watch((taskId, message) => {
      this.#pending?.delete(`task ${taskId}`);
      this.#tell(`task ${taskId}`, message);
    });
    if (this.#ended) stop();
    else this.#stops = [...this.#stops, stop];
    if (taskIds.length > 0) this.#honoured.taskIds = taskIds;
  }

  end(): void {
    this.#ended = true;
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#wake();
  }

  next(): Promise<IteratorResult<Message>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    const message = this.#take();
    if (message) return Promise.resolve({ done: false, value: message });
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  return(): Promise<IteratorResult<Message>> {
    this.#isOver = true;
    return this.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #tell(key: string, message: Message): void {
    if (this.#pending?.has(key)) return;
    (this.#pending ??= new Map<string, Message>()).set(key, message);
    this.#wake();
  }

  /** At the end of the turn: what is told until then may be the same. */
  #wake(): void {
    const resolve = this.#waiting;
    if (!resolve) return;
    this.#waiting = undefined;
    queueMicrotask(() => {
      resolve(this.next());
    });
  }

  #take(): Message | undefined {
    if (!this.#isAcknowledged) {
      this.#isAcknowledged = true;
      return notice('notifications/subscriptions/acknowledged', { notifications: this.#honoured });
    }
    for (const [key, message] of this.#pending ?? []) {
      this.#pending?.delete(key);
      return message;
    }
    this.#pending = undefined;
    if (!this.#ended) return undefined;
    this.#isOver = true;
    return { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };
  }
}

const UPDATED = 'notifications/resources/updated';

const notice = (method: string, params: JsonObject): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});
