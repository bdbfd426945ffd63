import { createCall, type Call, type CallOptions } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import type { GetStream } from './get-stream.ts';
import type { Link } from './link.ts';

/** What changes, by the filter's member and the notification that tells of it. */
const CHANGES = {
  toolsListChanged: ['tools', 'notifications/tools/list_changed'],
  promptsListChanged: ['prompts', 'notifications/prompts/list_changed'],
  resourcesListChanged: ['resources', 'notifications/resources/list_changed'],
} as const;

interface LegacyListen {
  readonly call: Call;
  readonly capabilities: JsonObject;
  readonly resources: ResourceSubscriptions;
  /** Where the server tells, if not on the channel that calls go over. */
  readonly stream?: GetStream | undefined;
  /** Aborts when the session is another: what was asked of the old one is void. */
  readonly expired?: AbortSignal;
}

/**
 * Makes a `subscriptions/listen` reply of what a legacy server tells unasked: on its pipe, or on its GET stream.
 *
 * @remarks Acknowledges list changes that the server says it tells of. After a GET stream broke, a change may have been
 * missed, so each acknowledged one is told once when it is open again.
 */
export async function listenLegacy(link: Link, options: LegacyListen): Promise<Reply> {
  const { call, capabilities, resources, stream, expired } = options;
  const wanted = filterFor(call.params.value.notifications, capabilities);
  const methods = Object.keys(wanted).map((key) => CHANGES[key as keyof typeof CHANGES][1] as string);
  const uris = await subscribeAll(resources, call, capabilities);
  const queue = new PushQueue<Message>();
  const tell = (method: string): void => {
    queue.push({ kind: 'notification', method, params: Payload.of<JsonObject>({}) });
  };
  const isWanted = methods.length + uris.length > 0 && !call.signal.aborted;
  const share = isWanted ? await stream?.share(() => methods.forEach(tell)) : undefined;
  const open = share?.isOpen ?? true;
  queue.push(
    acknowledgement(open ? { ...wanted, ...(uris.length > 0 ? { resourceSubscriptions: [...uris] } : {}) } : {}),
  );
  const unsubscribe = link.subscribe((frame) => {
    if (methods.includes(frame.method)) tell(frame.method);
    const { payload } = frame.params;
    if (frame.method === UPDATED && uris.some((watched) => isWithin(String(payload.value.uri), watched)))
      queue.push({ kind: 'notification', method: UPDATED, params: payload });
  });
  const end = (): void => {
    call.signal.removeEventListener('abort', end);
    expired?.removeEventListener('abort', end);
    unsubscribe();
    // Whoever ends it twice has subscribed once.
    for (const uri of uris.splice(0)) resources.unsubscribe(uri);
    share?.release();
    queue.end();
  };
  call.signal.addEventListener('abort', end, { once: true });
  expired?.addEventListener('abort', end, { once: true });
  // They may have aborted while the stream was opened: then they say no more.
  if (call.signal.aborted || expired?.aborted) end();
  void link.closed.then(end);
  return streamReply(queue, end);
}

const UPDATED = 'notifications/resources/updated';

/** Watches the resources of the filter; resolves with those that the server lets be watched. */
async function subscribeAll(watched: ResourceSubscriptions, call: Call, capabilities: JsonObject): Promise<string[]> {
  const { notifications } = call.params.value;
  const { resources } = capabilities;
  const asked: unknown = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined;
  if (!Array.isArray(asked) || !isJsonObject(resources) || resources.subscribe !== true) return [];
  const uris = asked.filter((uri): uri is string => typeof uri === 'string');
  const sent = await Promise.allSettled(uris.map((uri) => watched.subscribe(uri, call.signal)));
  return uris.filter((_uri, index) => sent[index]?.status === 'fulfilled');
}

/** An update may name a part of what is watched. */
const isWithin = (uri: string, watched: string): boolean =>
  uri === watched || uri.startsWith(watched.endsWith('/') ? watched : `${watched}/`);

interface Watched {
  count: number;
  /** Whether the server tells of it. */
  isAgreed: boolean;
}

/** The resources that one session watches: a server knows only whether it does, not for how many. */
export class ResourceSubscriptions {
  readonly #link: Link;
  readonly #watched = new Map<string, Watched>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Has the server tell of a resource. @throws RemoteError if it does not */
  async subscribe(uri: string, signal: AbortSignal): Promise<void> {
    const watched = this.#watched.get(uri) ?? { count: 0, isAgreed: false };
    this.#watched.set(uri, watched);
    watched.count++;
    // Each new watch opens all others anew: the server must not be asked for those again.
    if (watched.isAgreed) return;
    try {
      await this.#send('resources/subscribe', uri, { signal });
      watched.isAgreed = true;
    } catch (thrown) {
      this.#remove(uri);
      throw thrown;
    }
  }

  /** The last one has the server tell no more. */
  unsubscribe(uri: string): void {
    // A server that is gone tells nothing anyway.
    if (this.#remove(uri)) void this.#send('resources/unsubscribe', uri).catch(() => undefined);
  }

  /** @returns whether nobody is left */
  #remove(uri: string): boolean {
    const watched = this.#watched.get(uri);
    if (!watched || --watched.count > 0) return false;
    return this.#watched.delete(uri);
  }

  async #send(method: string, uri: string, options: CallOptions = {}): Promise<void> {
    const call = createCall(method, {}, options);
    await (await this.#link.send({ ...call, params: Payload.of<JsonObject>({ uri }) })).result();
  }
}

const acknowledgement = (notifications: JsonObject): Message => ({
  kind: 'notification',
  method: 'notifications/subscriptions/acknowledged',
  params: Payload.of<JsonObject>({ notifications }),
});

function filterFor(asked: unknown, capabilities: JsonObject): JsonObject {
  const filter: JsonObject = {};
  if (!isJsonObject(asked)) return filter;
  for (const [key, [capability]] of Object.entries(CHANGES)) {
    const offered = capabilities[capability];
    if (asked[key] === true && isJsonObject(offered) && offered.listChanged === true) filter[key] = true;
  }
  return filter;
}
