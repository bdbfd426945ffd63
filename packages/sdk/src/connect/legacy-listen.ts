import { createCall, type Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message, type Reply } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import type { StreamCursor } from '../wire/sse.ts';
import { HttpLink } from './http-link.ts';
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
  readonly clock: Clock;
  /** Opens the session again when the server has forgotten it; what was listened to then ends. */
  readonly renew?: () => Promise<void>;
  /** Aborts when the session is another: what was asked of the old one is void. */
  readonly expired?: AbortSignal;
}

/** Pause before a stream that broke is opened again. Unit: ms. */
const REOPEN_MS = 1_000;

/** The longest pause that a server may ask for. Unit: ms. */
const MAX_REOPEN_MS = 60_000;

/** How long the headers of the stream may take before it counts as open: some servers send them with the first event. */
const OPEN_MS = 2_000;

/**
 * Makes a `subscriptions/listen` reply of what a legacy server tells unasked: on its pipe, or on its GET stream.
 *
 * @remarks Acknowledges list changes that the server says it tells of. After a GET stream broke, a change may have been
 * missed, so each acknowledged one is told once when it is open again.
 */
export async function listenLegacy(link: Link, options: LegacyListen): Promise<Reply> {
  const { call, capabilities, clock, renew, expired } = options;
  const wanted = filterFor(call.params.value.notifications, capabilities);
  const methods = Object.keys(wanted).map((key) => CHANGES[key as keyof typeof CHANGES][1] as string);
  const uris = await subscribeAll(link, call, capabilities);
  const stop = new AbortController();
  const stream =
    link instanceof HttpLink && methods.length + uris.length > 0 && !call.signal.aborted
      ? new GetStream(link, clock, stop.signal)
      : undefined;
  const open = stream ? await stream.open() : true;

  const queue = new PushQueue<Message>();
  const tell = (method: string): void => {
    queue.push({ kind: 'notification', method, params: Payload.of<JsonObject>({}) });
  };
  queue.push(acknowledgement(open ? { ...wanted, ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}) } : {}));
  const unsubscribe = link.subscribe((frame) => {
    if (methods.includes(frame.method)) tell(frame.method);
    const { payload } = frame.params;
    if (frame.method === UPDATED && uris.includes(String(payload.value.uri)))
      queue.push({ kind: 'notification', method: UPDATED, params: payload });
  });
  const end = (): void => {
    call.signal.removeEventListener('abort', end);
    expired?.removeEventListener('abort', end);
    unsubscribe();
    for (const uri of uris) void send(link, 'resources/unsubscribe', uri).catch(() => undefined);
    stop.abort();
    queue.end();
  };
  call.signal.addEventListener('abort', end, { once: true });
  expired?.addEventListener('abort', end, { once: true });
  // It may have aborted while the stream was opened: then it says no more.
  if (call.signal.aborted) end();
  void link.closed.then(end);
  if (open && !call.signal.aborted)
    void stream?.keepOpen(() => {
      methods.forEach(tell);
    }, renew);
  return streamReply(queue, end);
}

/** The stream of a legacy session on which the server speaks unasked. */
class GetStream {
  readonly #link: HttpLink;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #ended: Promise<void> = Promise.resolve();
  readonly #cursor: StreamCursor = {};
  #isForgotten = false;

  constructor(link: HttpLink, clock: Clock, signal: AbortSignal) {
    this.#link = link;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Resolves with whether the server has such a stream. */
  open(): Promise<boolean> {
    return new Promise((resolve) => {
      const opened = (): void => {
        resolve(true);
      };
      const stopWaiting = this.#clock.after(OPEN_MS, opened);
      this.#ended = this.#link.listen(this.#signal, opened, this.#cursor).catch((thrown: unknown) => {
        this.#isForgotten = thrown instanceof McpError && thrown.data?.httpStatus === 404;
        resolve(false);
      });
      void this.#ended.then(stopWaiting);
    });
  }

  /** Opens it again whenever it breaks, until the signal aborts. */
  async keepOpen(onReopened: () => void, renew?: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#ended;
      const retryMs = Math.min(this.#cursor.retryMs ?? REOPEN_MS, MAX_REOPEN_MS);
      await new Promise<void>((resolve) => void this.#clock.after(retryMs, resolve));
      if (this.#signal.aborted) return;
      if (await this.open()) onReopened();
      else if (this.#isForgotten) await renew?.().catch(() => undefined);
    }
  }
}

const UPDATED = 'notifications/resources/updated';

/** Watches the resources of the filter; resolves with those that the server lets be watched. */
async function subscribeAll(link: Link, call: Call, capabilities: JsonObject): Promise<string[]> {
  const { notifications } = call.params.value;
  const { resources } = capabilities;
  const asked: unknown = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined;
  if (!Array.isArray(asked) || !isJsonObject(resources) || resources.subscribe !== true) return [];
  const uris = asked.filter((uri): uri is string => typeof uri === 'string');
  const sent = await Promise.allSettled(uris.map((uri) => send(link, 'resources/subscribe', uri, call.signal)));
  return uris.filter((_uri, index) => sent[index]?.status === 'fulfilled');
}

// eslint-disable-next-line max-params -- the signal is of the caller, the rest is the request
async function send(link: Link, method: string, uri: string, signal?: AbortSignal): Promise<void> {
  const call = createCall(method, {}, signal ? { signal } : {});
  await (await link.send({ ...call, params: Payload.of<JsonObject>({ uri }) })).result();
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
