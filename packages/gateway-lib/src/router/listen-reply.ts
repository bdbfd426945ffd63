import {
  McpError,
  onAbort,
  Payload,
  type Call,
  type JsonObject,
  type ListMethod,
  type Message,
  type Outcome,
  type Reply,
} from '@org/mcp-sdk';
import type { OnTask, WatchedTasks } from './task-watches.ts';

/** Members of a filter, by the list that changes. */
export const FILTERS: Readonly<Record<ListMethod, { readonly filter: string; readonly notification: string }>> = {
  'tools/list': { filter: 'toolsListChanged', notification: 'notifications/tools/list_changed' },
  'prompts/list': { filter: 'promptsListChanged', notification: 'notifications/prompts/list_changed' },
  'resources/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
  'resources/templates/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
};

/** Watches a resource wherever it is; resolves with what ends it, undefined if nobody tells of its changes. */
export type WatchResource = (uri: string, onUpdate: (uri: string) => void) => Promise<(() => void) | undefined>;

/**
 * What is told on one stream.
 *
 * @remarks Reply and iterator in one, by hand: thousands of these wait, and what {@link streamReply} makes of a generator
 * takes 2.5 kB more each.
 */
export class ListenReply implements Reply, AsyncIterableIterator<Message> {
  readonly status = 200;
  readonly single = undefined;
  readonly #honoured: JsonObject;
  readonly #listeners: Set<ListenReply>;
  /** What is still to be told, by what makes two of them the same. */
  #pending: Map<string, Message> | undefined;
  #stops: readonly (() => void)[] = [];
  #isAcknowledged = false;
  #ended = false;
  #isOver = false;
  /** Resolves the message that is waited for. */
  #waiting: ((next: Promise<IteratorResult<Message>>) => void) | undefined;
  #done: Promise<Outcome> | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;

  /**
   * @param honoured - the filter, as far as it is known to be honoured
   * @param listeners - where it is as long as it is told of changes
   */
  constructor(honoured: JsonObject, listeners: Set<ListenReply>) {
    this.#honoured = honoured;
    this.#listeners = listeners.add(this);
  }

  /** Lets a call end it. A method, so that what waits for the end does not keep what belongs to the call. */
  endWith(call: Call): void {
    onAbort(call, () => {
      this.end();
    });
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

  /** Tells what is still to be told, and that nothing follows. */
  end(): void {
    this.#ended = true;
    this.#listeners.delete(this);
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
    this.cancel();
    return this.next();
  }

  peek(): 'stream' {
    return 'stream';
  }

  messages(): AsyncIterable<Message> {
    return this;
  }

  async result(): Promise<JsonObject> {
    for await (const message of this) if (message.kind === 'result') return message.result.value;
    throw new McpError('unavailable', 'The reply ended without a result.');
  }

  get done(): Promise<Outcome> {
    return (this.#done ??= new Promise((resolve) => (this.#settle = resolve)));
  }

  cancel(): void {
    this.end();
    this.#settleWith('cancelled');
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
    this.#settleWith('complete');
    return { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };
  }

  /** Only the first outcome counts. */
  #settleWith(outcome: Outcome): void {
    this.#done ??= Promise.resolve(outcome);
    this.#settle?.(outcome);
  }
}

const UPDATED = 'notifications/resources/updated';

const notice = (method: string, params: JsonObject): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});
