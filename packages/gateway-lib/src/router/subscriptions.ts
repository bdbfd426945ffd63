import { createCall, isJsonObject, type Clock, type ListMethod } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';

/** What the gateway listens to on its upstreams. */
const CHANGES: Readonly<Record<string, { readonly filter: string; readonly lists: readonly ListMethod[] }>> = {
  'notifications/tools/list_changed': { filter: 'toolsListChanged', lists: ['tools/list'] },
  'notifications/prompts/list_changed': { filter: 'promptsListChanged', lists: ['prompts/list'] },
  'notifications/resources/list_changed': {
    filter: 'resourcesListChanged',
    lists: ['resources/list', 'resources/templates/list'],
  },
};

/** Pause before a stream that broke is opened again. Unit: ms. */
const REOPEN_MS = 2_000;

/** What {@link UpstreamSubscriptions} tells. */
export interface SubscriptionEvents {
  readonly clock: Clock;
  /** A list of an upstream changed. */
  readonly onChange: (upstream: string, method: ListMethod) => void;
}

/** One `subscriptions/listen` stream for each upstream: says what changed, and what need not be read again. */
export class UpstreamSubscriptions {
  readonly #events: SubscriptionEvents;
  readonly #watched = new Map<string, ReadonlySet<ListMethod>>();
  readonly #streams = new Map<string, AbortController>();
  #closed = false;

  constructor(events: SubscriptionEvents) {
    this.#events = events;
  }

  /** Whether the upstream is bound to tell of changes to the list. */
  isWatched(upstream: string, method: ListMethod): boolean {
    return this.#watched.get(upstream)?.has(method) ?? false;
  }

  /** Listens on a connection, in place of the one listened on before. */
  follow(upstream: string, connection: Connection): void {
    if (this.#closed) return;
    this.#streams.get(upstream)?.abort();
    const stop = new AbortController();
    this.#streams.set(upstream, stop);
    void connection.closed.then(() => {
      stop.abort();
    });
    void this.#keepListening(upstream, connection, stop.signal);
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#streams.values()) stop.abort();
    this.#streams.clear();
  }

  async #keepListening(upstream: string, connection: Connection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const acknowledged = await this.#listen(upstream, connection, signal).catch(() => true);
      if (this.#streams.get(upstream)?.signal === signal) this.#watched.delete(upstream);
      if (!acknowledged || signal.aborted) return;
      await new Promise<void>((resolve) => void this.#events.clock.after(REOPEN_MS, resolve));
    }
  }

  /** Resolves when the stream ends, with whether listening again makes sense. */
  async #listen(upstream: string, connection: Connection, signal: AbortSignal): Promise<boolean> {
    const notifications = Object.fromEntries(Object.values(CHANGES).map(({ filter }) => [filter, true]));
    const reply = await connection.handler(createCall('subscriptions/listen', { notifications }, { signal }));
    if (reply.single) return false;
    let honoured = false;
    for await (const message of reply.messages()) {
      if (message.kind !== 'notification') return honoured && message.kind === 'result';
      if (message.method === 'notifications/subscriptions/acknowledged') {
        const lists = honouredLists(message.params.value.notifications);
        honoured = lists.size > 0;
        if (!honoured) {
          reply.cancel();
          return false;
        }
        this.#watched.set(upstream, lists);
        // What changed before the stream was open nobody told of.
        for (const list of lists) this.#events.onChange(upstream, list);
      } else for (const list of CHANGES[message.method]?.lists ?? []) this.#events.onChange(upstream, list);
    }
    return honoured;
  }
}

function honouredLists(filter: unknown): Set<ListMethod> {
  const changes = Object.values(CHANGES).filter((change) => isJsonObject(filter) && filter[change.filter] === true);
  return new Set(changes.flatMap(({ lists }) => lists));
}
