import { createCall, isJsonObject, type ClientIdentity, type Clock, type Reply } from '@org/mcp-sdk';
import type { Upstream } from '../core/upstream.ts';
import type { Pick } from './pick.ts';
import { reach } from './reach.ts';

/** What {@link ResourceWatches} works with. */
export interface WatchOptions {
  readonly clock: Clock;
  readonly clientInfo: ClientIdentity;
  readonly pick: Pick;
  /** How long an upstream may take to say what it tells of. Unit: ms. */
  readonly timeoutMs: number;
}

/** Told of an update; `uri` is the resource, or one inside of it. */
export type OnUpdate = (uri: string) => void;

/** Pause before a stream that broke is opened again. Unit: ms. */
const REOPEN_MS = 2_000;

/** Resources that callers watch: one stream for each upstream, shared by all of them. */
export class ResourceWatches {
  readonly #options: WatchOptions;
  readonly #upstreams = new Map<Upstream, UpstreamWatch>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /**
   * Watches a resource.
   * @returns what ends it; undefined if the upstream does not tell of changes of this resource, or not in time
   */
  async watch(upstream: Upstream, uri: string, onUpdate: OnUpdate): Promise<(() => void) | undefined> {
    let watch = this.#upstreams.get(upstream);
    if (!watch) this.#upstreams.set(upstream, (watch = new UpstreamWatch(upstream, this.#options)));
    const stop = await watch.add(uri, onUpdate);
    return (
      stop &&
      (() => {
        stop();
        if (watch.isIdle) this.#upstreams.delete(upstream);
      })
    );
  }

  /** Ends all streams. */
  close(): void {
    for (const watch of this.#upstreams.values()) watch.close();
    this.#upstreams.clear();
  }
}

/** The stream of one upstream. When what is watched changes, another one takes its place, and overlaps with it. */
class UpstreamWatch {
  readonly #upstream: Upstream;
  readonly #options: WatchOptions;
  readonly #watched = new Map<string, Set<OnUpdate>>();
  #stream: Stream | undefined;
  #opening: Promise<ReadonlySet<string>> | undefined;
  #closed = false;

  constructor(upstream: Upstream, options: WatchOptions) {
    this.#upstream = upstream;
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#watched.size === 0;
  }

  async add(uri: string, onUpdate: OnUpdate): Promise<(() => void) | undefined> {
    const callbacks = this.#watched.get(uri) ?? new Set();
    this.#watched.set(uri, callbacks.add(onUpdate));
    const stop = (): void => {
      this.#remove(uri, onUpdate);
    };
    const honoured = this.#stream?.honoured.has(uri) === true || (await this.#reopen()).has(uri);
    if (honoured) return stop;
    stop();
    return undefined;
  }

  close(): void {
    this.#closed = true;
    this.#watched.clear();
    this.#stream?.stop.abort();
  }

  #remove(uri: string, onUpdate: OnUpdate): void {
    const callbacks = this.#watched.get(uri);
    callbacks?.delete(onUpdate);
    if (callbacks?.size === 0) this.#watched.delete(uri);
    if (this.isIdle) this.#stream?.stop.abort();
  }

  /** Opens a stream for all that is watched by the end of this turn; several that want one share it. */
  #reopen(): Promise<ReadonlySet<string>> {
    return (this.#opening ??= Promise.resolve()
      .then(() => {
        this.#opening = undefined;
        return this.#open([...this.#watched.keys()]);
      })
      .catch(() => NOTHING));
  }

  async #open(uris: readonly string[]): Promise<ReadonlySet<string>> {
    if (this.#closed || uris.length === 0) return NOTHING;
    const stream = new Stream();
    const { pick, clock, clientInfo, timeoutMs } = this.#options;
    const stopTimer = clock.after(timeoutMs, () => {
      stream.stop.abort();
    });
    try {
      const { connection } = await reach(this.#upstream, pick);
      const params = { notifications: { resourceSubscriptions: uris } };
      const reply = await connection.handler(
        createCall('subscriptions/listen', params, { signal: stream.stop.signal, clientInfo }),
      );
      const acknowledged = stream.read(reply.messages(), (uri) => {
        this.#tell(uri);
      });
      const honoured = await acknowledged;
      if (stream.stop.signal.aborted) return NOTHING;
      this.#replace(stream);
      return honoured;
    } finally {
      stopTimer();
    }
  }

  #replace(stream: Stream): void {
    this.#stream?.stop.abort();
    this.#stream = stream;
    void stream.ended.then(() => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      if (!this.isIdle && !this.#closed) this.#comeBack();
    });
    if (this.isIdle) stream.stop.abort();
  }

  /** What happened while there was no stream, nobody told of: each resource may have changed. */
  #comeBack(): void {
    this.#options.clock.after(REOPEN_MS, () => {
      if (this.isIdle || this.#closed || this.#stream) return;
      void this.#reopen().then((honoured) => {
        for (const uri of honoured) this.#tell(uri);
        if (honoured.size === 0) this.#comeBack();
      });
    });
  }

  #tell(uri: string): void {
    for (const [watched, callbacks] of this.#watched)
      if (uri === watched || isInside(uri, watched)) for (const onUpdate of callbacks) onUpdate(uri);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** An update may name a part of what is watched. */
const isInside = (uri: string, watched: string): boolean =>
  uri.startsWith(watched.endsWith('/') ? watched : `${watched}/`);

type Messages = ReturnType<Reply['messages']>;

/** One `subscriptions/listen` stream. */
class Stream {
  readonly stop = new AbortController();
  honoured: ReadonlySet<string> = NOTHING;
  ended: Promise<void> = Promise.resolve();

  /** Reads to the end; resolves with what the upstream acknowledges, nothing if the stream ends before. */
  read(messages: Messages, onUpdate: OnUpdate): Promise<ReadonlySet<string>> {
    return new Promise((resolve) => {
      const given = (): void => {
        resolve(NOTHING);
      };
      this.stop.signal.addEventListener('abort', given, { once: true });
      this.ended = this.#read(messages, { onUpdate, onAcknowledged: resolve })
        .catch(() => undefined)
        .then(() => {
          resolve(NOTHING);
        });
    });
  }

  async #read(
    messages: Messages,
    { onUpdate, onAcknowledged }: { onUpdate: OnUpdate; onAcknowledged: (uris: ReadonlySet<string>) => void },
  ): Promise<void> {
    for await (const message of messages) {
      if (message.kind !== 'notification') return;
      const { uri, notifications } = message.params.value;
      if (message.method === 'notifications/resources/updated' && typeof uri === 'string') onUpdate(uri);
      if (message.method !== 'notifications/subscriptions/acknowledged') continue;
      const uris = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined;
      this.honoured = new Set(Array.isArray(uris) ? uris.filter((each) => typeof each === 'string') : []);
      onAcknowledged(this.honoured);
    }
  }
}
