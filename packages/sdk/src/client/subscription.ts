import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Message, NotificationMessage, Reply } from '../core/reply.ts';
import { errorIn } from './error-in.ts';
import { PushQueue } from '../wire/queue.ts';
import { pause } from './task-calls.ts';

/** What to be told of. */
export interface SubscriptionFilter {
  tools?: boolean;
  prompts?: boolean;
  resources?: boolean;
  /** URIs of resources whose content is watched. */
  uris?: readonly string[];
  /** Tasks whose state is watched. */
  taskIds?: readonly string[];
}

/** Something that has changed at the server. */
export type Change =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly kind: 'resource'; readonly uri: string }
  | { readonly kind: 'task'; readonly task: JsonObject };

/** How a client comes back when a stream breaks. */
export interface ReconnectOptions {
  /** Pause before the first try. Unit: ms, from 1. @defaultValue 500 */
  initialDelayMs?: number;
  /** The pause doubles up to this. Unit: ms. @defaultValue 30_000 */
  maxDelayMs?: number;
}

/** A stream of changes; it comes back by itself when it breaks, until it is closed or the server ends it. */
export interface Subscription extends AsyncIterable<Change> {
  /** What the server has agreed to tell of. */
  readonly honoured: SubscriptionFilter;
  /** Ends the stream. */
  close(): void;
}

const KINDS: Readonly<Record<string, 'tools' | 'prompts' | 'resources'>> = {
  'notifications/tools/list_changed': 'tools',
  'notifications/prompts/list_changed': 'prompts',
  'notifications/resources/list_changed': 'resources',
};

/** What a {@link ClientSubscription} works with. */
export interface ClientSubscriptionOptions {
  readonly filter: SubscriptionFilter;
  readonly listen: (params: JsonObject, signal: AbortSignal) => Promise<Reply>;
  /** Runs what opens a stream within the limit of a call, and gives it up when `signal` aborts. */
  readonly within: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
  readonly reconnect: Required<ReconnectOptions>;
  readonly clock: Clock;
  /** Told of each change before the reader is. */
  readonly onChange: (change: Change) => void;
  /** Told when it is over. */
  readonly onEnd: () => void;
}

/** A subscription that is listened to again whenever it breaks. */
export class ClientSubscription implements Subscription {
  honoured: SubscriptionFilter = {};
  readonly #options: ClientSubscriptionOptions;
  readonly #queue = new PushQueue<Change>();
  readonly #stop = new AbortController();

  constructor(options: ClientSubscriptionOptions) {
    this.#options = options;
  }

  /** Resolves when the server has acknowledged. @throws what the server answers if it refuses */
  async open(): Promise<this> {
    try {
      void this.#follow(await this.#listen());
      return this;
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  close(): void {
    this.#stop.abort(new McpError('cancelled', 'The subscription was closed.'));
    this.#end();
  }

  [Symbol.asyncIterator](): AsyncIterator<Change> {
    const changes = this.#queue[Symbol.asyncIterator]();
    return {
      next: () => changes.next(),
      // Whoever leaves the loop wants no more.
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #end(): void {
    this.#queue.end();
    this.#options.onEnd();
  }

  /** Opens a stream: in time, or not at all. */
  async #listen(): Promise<AsyncIterator<Message>> {
    const late = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, late.signal]);
    try {
      return await this.#options.within(this.#stop.signal, () => this.#acknowledged(signal));
    } catch (thrown) {
      late.abort(thrown);
      throw thrown;
    }
  }

  async #acknowledged(signal: AbortSignal): Promise<AsyncIterator<Message>> {
    const { filter, listen } = this.#options;
    const reply = await listen({ notifications: toWire(filter) }, signal);
    const messages = reply.messages()[Symbol.asyncIterator]();
    const first = await messages.next();
    if (!first.done && first.value.kind === 'error') throw errorIn(first.value);
    if (first.done || first.value.kind !== 'notification')
      throw new McpError('unavailable', 'The server did not acknowledge the subscription.');
    const { notifications } = first.value.params.value;
    this.honoured = fromWire(isJsonObject(notifications) ? notifications : {});
    return messages;
  }

  /** Reads until the server ends the stream or it is closed; a stream that breaks is opened again. */
  async #follow(opened: AsyncIterator<Message>): Promise<void> {
    let messages: AsyncIterator<Message> | undefined = opened;
    while (messages && !(await this.#read(messages))) messages = await this.#reopen();
    this.#end();
  }

  /** Resolves with whether the end was meant. */
  async #read(messages: AsyncIterator<Message>): Promise<boolean> {
    for (let next = await messages.next(); !next.done; next = await messages.next()) {
      if (next.value.kind === 'result') return true;
      if (next.value.kind === 'error') break;
      const change = changeIn(next.value);
      if (change) this.#tell(change);
    }
    return this.#stop.signal.aborted;
  }

  async #reopen(): Promise<AsyncIterator<Message> | undefined> {
    const { reconnect, clock } = this.#options;
    for (let delayMs = reconnect.initialDelayMs; ; delayMs = Math.min(delayMs * 2, reconnect.maxDelayMs)) {
      try {
        await pause(clock, delayMs, this.#stop.signal);
        const messages = await this.#listen();
        this.#tellMissed();
        return messages;
      } catch {
        // What failed is tried again, with a longer pause.
        if (this.#stop.signal.aborted) return undefined;
      }
    }
  }

  /** What changed while nobody listened is not known, so everything may have. */
  #tellMissed(): void {
    const { tools, prompts, resources, uris } = this.honoured;
    if (tools) this.#tell({ kind: 'tools' });
    if (prompts) this.#tell({ kind: 'prompts' });
    if (resources) this.#tell({ kind: 'resources' });
    for (const uri of uris ?? []) this.#tell({ kind: 'resource', uri });
  }

  #tell(change: Change): void {
    this.#options.onChange(change);
    this.#queue.push(change);
  }
}

function changeIn({ method, params }: NotificationMessage): Change | undefined {
  const kind = KINDS[method];
  if (kind) return { kind };
  const { value } = params;
  if (method === 'notifications/resources/updated' && typeof value.uri === 'string')
    return { kind: 'resource', uri: value.uri };
  return method === 'notifications/tasks' ? { kind: 'task', task: value } : undefined;
}

const toWire = ({ tools, prompts, resources, uris, taskIds }: SubscriptionFilter): JsonObject => ({
  ...(tools ? { toolsListChanged: true } : {}),
  ...(prompts ? { promptsListChanged: true } : {}),
  ...(resources ? { resourcesListChanged: true } : {}),
  ...(uris ? { resourceSubscriptions: uris } : {}),
  ...(taskIds ? { taskIds } : {}),
});

const fromWire = (honoured: JsonObject): SubscriptionFilter => ({
  ...(honoured.toolsListChanged === true ? { tools: true } : {}),
  ...(honoured.promptsListChanged === true ? { prompts: true } : {}),
  ...(honoured.resourcesListChanged === true ? { resources: true } : {}),
  ...(Array.isArray(honoured.resourceSubscriptions) ? { uris: honoured.resourceSubscriptions as string[] } : {}),
  ...(Array.isArray(honoured.taskIds) ? { taskIds: honoured.taskIds as string[] } : {}),
});
