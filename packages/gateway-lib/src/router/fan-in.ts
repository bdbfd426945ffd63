import { isJsonObject, type Call, type JsonObject, type ListMethod, type Reply } from '@org/mcp-sdk';
import { FILTERS, ListenReply, type WatchResource } from './listen-reply.ts';
import type { WatchTasks } from './task-watches.ts';
import { requireTasks } from './tasks.ts';

/** Resources, and tasks, that one stream may watch: each costs the gateway and its upstream. */
const MAX_NAMED = 1_000;

/** Terminal of `subscriptions/listen`: tells each listener of changes of the merged lists, and of the resources, that it asked for. */
export class FanIn {
  readonly #listeners = new Set<ListenReply>();
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
    const listener = new ListenReply(honouredOf(asked), this.#listeners);
    listener.endWith(call);
    if (this.#closed) listener.end();
    await Promise.all([
      listener.watch(namedIn(asked, 'resourceSubscriptions'), this.#watch),
      listener.watchTasks(taskIds, (onTask) => this.#watchTasks(call, taskIds, onTask)),
    ]);
    return listener;
  };

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
