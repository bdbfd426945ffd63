import type { Handler } from '../core/handler.ts';
import { isJsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Principal } from '../core/call.ts';
import { abortedBy } from '../core/cancellation.ts';
import { META } from '../core/protocol.ts';
import { errorReply, type NotificationMessage, type Reply } from '../core/reply.ts';
import type { RequestFrame } from '../wire/message.ts';
import { patchMeta } from '../wire/params.ts';
import { PushQueue } from '../wire/queue.ts';
import { legacyCall, type LegacyCallOptions } from './legacy-call.ts';
import type { QuestionMessage, WithdrawalMessage } from './legacy-questions.ts';
import { LegacySubscriptions } from './legacy-subscriptions.ts';
import { tellOnce } from './tell-once.ts';

/** Who waits for what the handler tells, and for how long. */
export interface LegacyListener extends LegacyCallOptions {
  /** Whether it has missed something: then all that it hears of is told to have changed. @defaultValue false */
  readonly hasMissed?: boolean;
}

/** What a legacy client is told, or asked, outside of its calls. */
export type ToldMessage = NotificationMessage | QuestionMessage | WithdrawalMessage;

const SUBSCRIBE = 'resources/subscribe';

/** Whether a legacy caller begins or ends to watch a resource. */
export const isWatch = ({ method }: RequestFrame): boolean =>
  method === SUBSCRIBE || method === 'resources/unsubscribe';

/** What one legacy client is told of changes: of the lists, and of the resources that it watches. */
export class LegacyChanges {
  readonly #handler: Handler;
  /** Those that were opened last come last; most sessions have one. */
  #listeners: readonly PushQueue<ToldMessage>[] = [];
  readonly #subscriptions: LegacySubscriptions;

  constructor(handler: Handler) {
    this.#handler = handler;
    this.#subscriptions = new LegacySubscriptions(handler, (update) => {
      for (const told of this.#listeners) tellOnce(told, update);
    });
  }

  /** The stream that was opened last. */
  get newest(): PushQueue<ToldMessage> | undefined {
    return this.#listeners.at(-1);
  }

  /**
   * Opens the stream of changes, as this client knows them; undefined if the handler does not tell of any.
   * @returns rejects if the listener has gone before it is open
   */
  async listen(listener: LegacyListener): Promise<AsyncIterable<ToldMessage> | undefined> {
    throwIfGone(listener);
    const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const call = legacyCall('subscriptions/listen', { notifications }, listener);
    const reply = await this.#handler(call).catch(errorReply);
    // What looks at the signal from now on is not told of what has been.
    throwIfGone(listener, reply);
    return reply.single ? undefined : this.#told(reply, listener.hasMissed ?? false);
  }

  /** Takes a request that {@link isWatch}. @throws as {@link LegacySubscriptions.subscribe} */
  async watch({ method, params }: RequestFrame, principal: Principal | null): Promise<void> {
    const { uri } = params.payload.value;
    if (method === SUBSCRIBE) await this.#subscriptions.subscribe(uri, principal);
    else this.#subscriptions.unsubscribe(uri);
  }

  /** Watches these and no others. @returns rejects with why a resource could not be watched */
  watchOnly(uris: readonly string[], principal: Principal | null): Promise<void> {
    return this.#subscriptions.watchOnly(uris, principal);
  }

  /** Watches nothing any more. */
  close(): void {
    this.#subscriptions.close();
  }

  /** What changes, and the updates of the resources that the session watches, in one stream. */
  #told(changes: Reply, hasMissed: boolean): AsyncIterable<ToldMessage> {
    const told = new PushQueue<ToldMessage>();
    this.#listeners = [...this.#listeners, told];
    const over = (error?: unknown): void => {
      this.#listeners = this.#listeners.filter((listener) => listener !== told);
      told.end(error);
    };
    if (hasMissed) for (const uri of this.#subscriptions.uris()) told.push(updated(uri));
    void tellAll(changes, told, hasMissed).then(over, over);
    return told;
  }
}

function throwIfGone({ source }: LegacyListener, reply?: Reply): void {
  const reason = abortedBy(source);
  if (!reason) return;
  reply?.cancel(reason);
  throw reason;
}

async function tellAll(changes: Reply, told: PushQueue<ToldMessage>, hasMissed: boolean): Promise<void> {
  for await (const message of changes.messages()) {
    if (message.kind !== 'notification') return;
    if (message.method !== ACKNOWLEDGED)
      tellOnce(told, { ...message, params: patchMeta(message.params, { [META.subscriptionId]: undefined }) });
    else if (hasMissed) for (const change of changesOf(message)) tellOnce(told, change);
  }
}

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

const LIST_CHANGES = { toolsListChanged: 'tools', promptsListChanged: 'prompts', resourcesListChanged: 'resources' };

/** A change of each list that the handler tells of. */
function* changesOf({ params }: NotificationMessage): Generator<NotificationMessage> {
  const { notifications } = params.value;
  for (const [name, list] of Object.entries(LIST_CHANGES))
    if (isJsonObject(notifications) && notifications[name] === true)
      yield { kind: 'notification', method: `notifications/${list}/list_changed`, params: Payload.of({}) };
}

const updated = (uri: string): NotificationMessage => ({
  kind: 'notification',
  method: 'notifications/resources/updated',
  params: Payload.of({ uri }),
});
