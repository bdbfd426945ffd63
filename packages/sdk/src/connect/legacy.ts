import { changedCall, createCall, type Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { isLegacyVersion, LATEST_LEGACY_VERSION, MODERN_VERSIONS, type Era, type LogLevel } from '../core/protocol.ts';
import { META } from '../core/protocol.ts';
import { RemoteError, resultReply, type Reply } from '../core/reply.ts';
import { LEGACY_META, patchMeta, withoutAnswers, withoutTask } from '../wire/params.ts';
import type { Connection, ConnectOptions, ServerDescription } from './connection.ts';
import { GetStream } from './get-stream.ts';
import { HttpLink } from './http-link.ts';
import { listenLegacy, ResourceSubscriptions } from './legacy-listen.ts';
import { modernizeReply, pageRefused, refusesPage } from './legacy-reply.ts';
import { readToEnd, type Link } from './link.ts';
import { SessionLevel } from './session-level.ts';
import { untilAborted } from './until-aborted.ts';

/** Limit for opening an expired session again. Unit: ms. */
const REOPEN_TIMEOUT_MS = 30_000;

/** Limit for telling the server which log messages are wanted. Unit: ms. */
const SET_LEVEL_TIMEOUT_MS = 10_000;

/** How a legacy session is opened, and opened again. */
export interface LegacyOptions extends ConnectOptions {
  /** Asks a server that has forgotten the session for its era; undefined if it is not known to be modern by then. */
  readonly reconsider?: () => Promise<Connection | undefined>;
}

/**
 * Opens a legacy session and makes a modern handler of it.
 * @throws McpError `unavailable` if the server cannot be reached or refuses
 */
export async function connectLegacy(link: Link, options: LegacyOptions): Promise<Connection> {
  const session = new LegacyUpstream(link, options);
  await session.initialize(options.signal);
  return session;
}

class LegacyUpstream implements Connection {
  readonly closed: Promise<unknown>;
  #version: string = LATEST_LEGACY_VERSION;
  #server: ServerDescription = { serverInfo: undefined, capabilities: {}, instructions: undefined };
  readonly #link: Link;
  readonly #resources: ResourceSubscriptions;
  readonly #options: LegacyOptions;
  readonly #level = new SessionLevel((level) => this.#setLevel(level));
  #reopening: Promise<void> | undefined;
  #stream: GetStream | undefined;
  /** Aborts when another session takes the place of this one. */
  #session = new AbortController();
  /** What has taken the place of the server. */
  #modern: Connection | undefined;

  constructor(link: Link, options: LegacyOptions) {
    this.#link = link;
    this.#resources = new ResourceSubscriptions(link);
    this.#options = options;
    this.closed = link.closed;
    link.onRequest = options.answer;
  }

  get era(): Era {
    return this.#modern?.era ?? 'legacy';
  }

  get version(): string {
    return this.#modern?.version ?? this.#version;
  }

  get server(): ServerDescription {
    return this.#modern?.server ?? this.#server;
  }

  readonly handler = (call: Call): Promise<Reply> => {
    if (this.#modern) return this.#modern.handler(call);
    if (call.method === 'server/discover') return Promise.resolve(this.#discover());
    if (call.method === 'subscriptions/listen') return this.#listen(call);
    if (call.isNotification)
      return this.#send(changedCall(call, { params: patchMeta(call.params, LEGACY_META) }), call);
    return this.#request(call);
  };

  #listen(call: Call): Promise<Reply> {
    const { capabilities } = this.server;
    const [resources, stream, expired] = [this.#resources, this.#stream, this.#session.signal];
    return listenLegacy(this.#link, { call, capabilities, resources, stream, expired });
  }

  async initialize(signal: AbortSignal): Promise<void> {
    const params = {
      protocolVersion: LATEST_LEGACY_VERSION,
      capabilities: this.#options.clientCapabilities ?? {},
      clientInfo: this.#options.clientInfo,
    };
    const reply = await this.#link.send({ ...createCall('initialize', {}, { signal }), params: Payload.of(params) });
    const result = await reply.result().catch((thrown: unknown) => {
      throw refused(this.#link.label, thrown);
    });
    const version = result.protocolVersion;
    if (typeof version !== 'string' || !isLegacyVersion(version))
      throw new McpError('unsupported_protocol_version', `${this.#link.label} chose the revision ${String(version)}.`);
    this.#version = version;
    // A new session knows nothing of the level and the subscriptions of the one before.
    this.#level.reset();
    this.#session.abort();
    this.#session = new AbortController();
    this.#server = {
      serverInfo: isJsonObject(result.serverInfo) ? result.serverInfo : undefined,
      capabilities: isJsonObject(result.capabilities) ? result.capabilities : {},
      instructions: typeof result.instructions === 'string' ? result.instructions : undefined,
    };
    this.#link.settle('legacy', version);
    await this.#link.notify('notifications/initialized', Payload.of<JsonObject>({}));
    this.#stream = this.#link instanceof HttpLink ? this.#streamOf(this.#link) : undefined;
  }

  /** Servers may ask where they tell of changes: whoever can be asked has the stream open from the start. */
  #streamOf(link: HttpLink): GetStream {
    const session = link.sessionId;
    const stream = new GetStream({
      link,
      clock: this.#options.clock,
      renew: () => (this.#options.reopens === false ? this.close() : this.#reopen(session)),
    });
    const capabilities = this.#options.clientCapabilities ?? {};
    if (!ASKABLE.some((name) => name in capabilities)) return stream;
    const { signal } = this.#session;
    void stream
      .share(() => undefined)
      .then(({ release }) => {
        if (signal.aborted) release();
        else signal.addEventListener('abort', release, { once: true });
        void this.closed.then(release);
      });
    return stream;
  }

  async ping(signal: AbortSignal): Promise<void> {
    if (this.#modern) return this.#modern.ping(signal);
    const call = createCall('ping', {}, { signal });
    const reply = await this.#send({ ...call, params: Payload.of<JsonObject>({}) });
    await readToEnd(reply);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #request(call: Call): Promise<Reply> {
    if (call.round > 0 && refusesPage(call.params)) return pageRefused(call);
    const leave = this.server.capabilities.logging ? await this.#level.enter(call) : () => undefined;
    try {
      const given = call.round > 0 ? withoutAnswers(call.params) : call.params;
      const takesTask = call.era === 'legacy' && runsToolsAsTasks(this.server.capabilities);
      const params = takesTask ? given : withoutTask(call.method, given);
      const reply = modernizeReply(
        call,
        await this.#send(changedCall(call, { params: patchMeta(params, LEGACY_META) }), call),
      );
      if (reply.single) leave();
      else void reply.done.then(leave);
      return reply;
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  async #setLevel(level: LogLevel): Promise<void> {
    const call = createCall('logging/setLevel', {}, { signal: AbortSignal.timeout(SET_LEVEL_TIMEOUT_MS) });
    const reply = await this.#send({ ...call, params: Payload.of<JsonObject>({ level }) });
    await readToEnd(reply);
  }

  /**
   * Sends a call in the session that is open, or in the one that is being opened.
   * @param given - the call in its modern form
   */
  async #send(call: Call, given: Call = call): Promise<Reply> {
    if (this.#reopening) await untilAborted(this.#reopening, call.signal);
    if (this.#modern) return this.#modern.handler(given);
    const session = this.#sessionId;
    try {
      return await this.#link.send(call);
    } catch (thrown) {
      if (!isExpired(thrown)) throw thrown;
      if (this.#options.reopens === false) return await this.#forgotten();
      await untilAborted(this.#reopen(session), call.signal);
      return this.#sendAgain(call, given);
    }
  }

  #sendAgain(call: Call, given: Call): Promise<Reply> {
    return this.#modern ? this.#modern.handler(given) : this.#link.send(call);
  }

  async #forgotten(): Promise<never> {
    this.#options.verdict?.forget();
    await this.close();
    throw new McpError('unavailable', `${this.#link.label} has forgotten the session.`);
  }

  get #sessionId(): string | undefined {
    return this.#link instanceof HttpLink ? this.#link.sessionId : undefined;
  }

  /** Opens a session again, once for all calls that found it expired. A 404 says that the call has not run. */
  #reopen(expired: string | undefined): Promise<void> {
    if (this.#reopening) return this.#reopening;
    if (this.#modern || this.#sessionId !== expired) return Promise.resolve();
    this.#reopening = this.#openAnew().finally(() => (this.#reopening = undefined));
    return this.#reopening;
  }

  /** A server that has forgotten the session may have been started anew, as another: its era is asked for first. */
  async #openAnew(): Promise<void> {
    this.#modern = await this.#options.reconsider?.();
    if (this.#modern) this.#session.abort();
    else await this.initialize(AbortSignal.timeout(REOPEN_TIMEOUT_MS));
  }

  #discover(): Reply {
    const { capabilities, instructions, serverInfo } = this.server;
    return resultReply(
      Payload.of<JsonObject>({
        resultType: 'complete',
        supportedVersions: [...MODERN_VERSIONS],
        capabilities,
        ...(instructions === undefined ? {} : { instructions }),
        ttlMs: 0,
        cacheScope: 'private',
        ...(serverInfo ? { _meta: { [META.serverInfo]: serverInfo } } : {}),
      }),
    );
  }
}

/** Capabilities of a client that a server may send requests for. */
const ASKABLE = ['elicitation', 'sampling', 'roots'];

const isExpired = (thrown: unknown): boolean => thrown instanceof McpError && thrown.data?.httpStatus === 404;

const refused = (label: string, thrown: unknown): McpError =>
  thrown instanceof RemoteError
    ? new McpError('unavailable', `${label} refused to initialize: ${thrown.rpc.message}`, { cause: thrown })
    : McpError.from(thrown);

/** Whether a server said that a call of a tool may be a task: nobody else is asked for one. */
const runsToolsAsTasks = (capabilities: JsonObject): boolean =>
  isJsonObject(
    ['tasks', 'requests', 'tools', 'call'].reduce<unknown>(
      (at, name) => (isJsonObject(at) ? at[name] : undefined),
      capabilities,
    ),
  );
