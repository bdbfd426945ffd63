import type { Principal } from '../core/call.ts';
import { Cancellation } from '../core/cancellation.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject } from '../core/json.ts';
import { META } from '../core/protocol.ts';
import type { Message, NotificationMessage } from '../core/reply.ts';
import { patchMeta } from '../wire/params.ts';
import { legacyCall } from './legacy-call.ts';

/** How many resources one session may watch. */
const MAX_WATCHED = 1_000;

/** What a legacy session has subscribed to: one internal `subscriptions/listen` for each resource. */
export class LegacySubscriptions {
  readonly #handler: Handler;
  readonly #watched = new Map<string, Cancellation>();
  readonly #onUpdate: (message: NotificationMessage) => void;

  constructor(handler: Handler, onUpdate: (message: NotificationMessage) => void) {
    this.#handler = handler;
    this.#onUpdate = onUpdate;
  }

  /** @throws McpError `invalid_params` if the handler does not tell of that resource, `overloaded` if there are too many */
  async subscribe(uri: unknown, principal: Principal | null): Promise<void> {
    if (typeof uri !== 'string') throw new McpError('invalid_params', 'params.uri must be a string.');
    if (this.#watched.has(uri)) return;
    if (this.#watched.size >= MAX_WATCHED)
      throw new McpError('overloaded', `A session watches at most ${MAX_WATCHED} resources.`);
    const ending = new Cancellation();
    this.#watched.set(uri, ending);
    const notifications = { resourceSubscriptions: [uri] };
    try {
      const call = legacyCall('subscriptions/listen', { notifications }, { principal, source: ending });
      const reply = await this.#handler(call);
      const messages = reply.messages()[Symbol.asyncIterator]();
      const first = await messages.next();
      if (first.done || !honours(first.value, uri))
        throw new McpError('invalid_params', `Changes of this resource are not told: ${uri.slice(0, 200)}`);
      this.#follow(messages, () => {
        this.#end(uri, ending);
      });
    } catch (thrown) {
      this.#end(uri, ending);
      throw thrown;
    }
  }

  /** What is watched. */
  uris(): string[] {
    return [...this.#watched.keys()];
  }

  unsubscribe(uri: unknown): void {
    const ending = typeof uri === 'string' ? this.#watched.get(uri) : undefined;
    if (ending) this.#end(String(uri), ending);
  }

  /**
   * Watches these and no others.
   * @returns rejects with why one of them could not be watched; the others are
   */
  async watchOnly(uris: readonly string[], principal: Principal | null): Promise<void> {
    for (const uri of this.#watched.keys()) if (!uris.includes(uri)) this.unsubscribe(uri);
    const watching = await Promise.allSettled(uris.map((uri) => this.subscribe(uri, principal)));
    for (const outcome of watching) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Ends all of them. */
  close(): void {
    for (const uri of this.#watched.keys()) this.unsubscribe(uri);
  }

  /** No async function: thousands wait, and each would take half a kilobyte. */
  #follow(messages: AsyncIterator<Message>, onEnd: () => void): void {
    messages.next().then(({ done, value }) => {
      if (done || !this.#tell(value)) onEnd();
      else this.#follow(messages, onEnd);
    }, onEnd);
  }

  /** @returns false if it cannot be told */
  #tell(message: Message): boolean {
    if (message.kind !== 'notification' || message.method !== 'notifications/resources/updated') return true;
    try {
      this.#onUpdate({ ...message, params: patchMeta(message.params, { [META.subscriptionId]: undefined }) });
      return true;
    } catch {
      return false;
    }
  }

  /** Ends one; the session may watch that resource anew already. */
  #end(uri: string, ending: Cancellation): void {
    ending.abort(new McpError('cancelled', 'Unsubscribed.'));
    if (this.#watched.get(uri) === ending) this.#watched.delete(uri);
  }
}

function honours(message: Message, uri: string): boolean {
  if (message.kind !== 'notification') return false;
  const { notifications } = message.params.value;
  const uris: unknown = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined;
  return Array.isArray(uris) && uris.includes(uri);
}
