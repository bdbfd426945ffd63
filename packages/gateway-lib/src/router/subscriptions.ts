import {
  createCall,
  isJsonObject,
  type ClientIdentity,
  type Clock,
  type FinalMessage,
  type ListMethod,
  type NotificationMessage,
} from '@org/mcp-sdk';
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
  readonly clientInfo: ClientIdentity;
  /** A list of an upstream changed. */
  readonly onChange: (upstream: string, method: ListMethod) => void;
  /** What an upstream tells of is not as it was. */
  readonly onWatch: () => void;
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
    for (;;) {
      const end = await this.#listen(upstream, connection, signal).catch(() => 'broken' as const);
      if (this.#streams.get(upstream)?.signal === signal) this.#watch(upstream, []);
      if (end === 'unsupported') return;
      await new Promise<void>((resolve) => void this.#events.clock.after(REOPEN_MS, resolve));
      if (signal.aborted) return;
    }
  }

  /** Resolves when the stream ends; `unsupported` when there is no use in opening it again. */
  async #listen(upstream: string, connection: Connection, signal: AbortSignal): Promise<'unsupported' | 'broken'> {
    const { clientInfo } = this.#events;
    const notifications = Object.fromEntries(Object.values(CHANGES).map(({ filter }) => [filter, true]));
    const reply = await connection.handler(
      createCall('subscriptions/listen', { notifications }, { signal, clientInfo }),
    );
    if (reply.single) return isUnsupported(reply.single) ? 'unsupported' : 'broken';
    for await (const message of reply.messages()) {
      if (message.kind !== 'notification') break;
      const lists = listsOf(message);
      if (message.method === ACKNOWLEDGED) {
        if (lists.length === 0) return 'unsupported';
        this.#watch(upstream, lists);
      }
      // With the acknowledgement too: what changed before the stream was open nobody told of.
      for (const list of lists) this.#events.onChange(upstream, list);
    }
    return 'broken';
  }

  #watch(upstream: string, lists: readonly ListMethod[]): void {
    if (lists.length === 0) this.#watched.delete(upstream);
    else this.#watched.set(upstream, new Set(lists));
    this.#events.onWatch();
  }
}

/** Codes of a server that has no such stream, or none with this filter. */
const UNSUPPORTED = new Set([-32601, -32602]);

const isUnsupported = (message: FinalMessage): boolean =>
  message.kind === 'error' && UNSUPPORTED.has(message.error.value.code);

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** The lists that a notification is about; for the acknowledgement, those that will be told of. */
function listsOf({ method, params }: NotificationMessage): readonly ListMethod[] {
  if (method !== ACKNOWLEDGED) return CHANGES[method]?.lists ?? [];
  const filter = params.value.notifications;
  const honoured = Object.values(CHANGES).filter((change) => isJsonObject(filter) && filter[change.filter] === true);
  return honoured.flatMap(({ lists }) => lists);
}
