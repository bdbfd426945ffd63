import {
  isJsonObject,
  Payload,
  streamReply,
  type Call,
  type JsonObject,
  type ListMethod,
  type Message,
  type Reply,
} from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';

/** Members of a filter, by the list that changes. */
const FILTERS: Readonly<Record<ListMethod, { readonly filter: string; readonly notification: string }>> = {
  'tools/list': { filter: 'toolsListChanged', notification: 'notifications/tools/list_changed' },
  'prompts/list': { filter: 'promptsListChanged', notification: 'notifications/prompts/list_changed' },
  'resources/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
  'resources/templates/list': { filter: 'resourcesListChanged', notification: 'notifications/resources/list_changed' },
};

/** Terminal of `subscriptions/listen`: tells each listener of changes of the merged lists that it asked for. */
export class FanIn {
  readonly #listeners = new Set<Listener>();
  #closed = false;

  /** Answers a listen call: acknowledged at once, open until the caller or the gateway ends it. */
  readonly handler = (call: Call): Promise<Reply> => {
    const asked = call.params.value.notifications;
    const honoured: JsonObject = {};
    for (const { filter } of Object.values(FILTERS))
      if (isJsonObject(asked) && asked[filter] === true) honoured[filter] = true;
    const listener = new Listener(honoured);
    this.#listeners.add(listener);
    const end = (): void => {
      this.#listeners.delete(listener);
      listener.end();
    };
    call.signal.addEventListener('abort', end, { once: true });
    if (this.#closed || call.signal.aborted) end();
    return Promise.resolve(streamReply(listener.messages(), end));
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

class Listener {
  readonly #honoured: JsonObject;
  readonly #wake = new PushQueue<null>();
  readonly #pending = new Set<string>();

  constructor(honoured: JsonObject) {
    this.#honoured = honoured;
  }

  /** Changes that a slow reader has not been told of yet are told once. */
  changed(method: ListMethod): void {
    const { filter, notification } = FILTERS[method];
    if (this.#honoured[filter] !== true || this.#pending.has(notification)) return;
    this.#pending.add(notification);
    this.#wake.push(null);
  }

  end(): void {
    this.#wake.end();
  }

  async *messages(): AsyncGenerator<Message> {
    yield notice('notifications/subscriptions/acknowledged', { notifications: this.#honoured });
    for await (const _ of this.#wake) {
      const [method] = this.#pending;
      if (method === undefined) continue;
      this.#pending.delete(method);
      yield notice(method, {});
    }
    yield { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };
  }
}

const notice = (method: string, params: JsonObject): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});
