import { createCall, type Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { isLegacyVersion, LATEST_LEGACY_VERSION, MODERN_VERSIONS, type LogLevel } from '../core/protocol.ts';
import { META } from '../core/protocol.ts';
import { RemoteError, resultReply, type Reply } from '../core/reply.ts';
import { LEGACY_META, patchMeta, withoutTask } from '../wire/params.ts';
import type { Connection, ConnectOptions, ServerDescription } from './connection.ts';
import { GetStream } from './get-stream.ts';
import { HttpLink } from './http-link.ts';
import { listenLegacy, ResourceSubscriptions } from './legacy-listen.ts';
import { modernizeReply, pageRefused, refusesPage, withoutAnswers } from './legacy-reply.ts';
import { readToEnd, type Link } from './link.ts';
import { SessionLevel } from './session-level.ts';
import { untilAborted } from './until-aborted.ts';

/** Limit for opening an expired session again. Unit: ms. */
const REOPEN_TIMEOUT_MS = 30_000;

/** Limit for telling the server which log messages are wanted. Unit: ms. */
const SET_LEVEL_TIMEOUT_MS = 10_000;

/**
 * Opens a legacy session and makes a modern handler of it.
 * @throws McpError `unavailable` if the server cannot be reached or refuses
 */
export async function connectLegacy(link: Link, options: ConnectOptions): Promise<Connection> {
  const session = new LegacyUpstream(link, options);
  await session.initialize(options.signal);
  return session;
}

class LegacyUpstream implements Connection {
  readonly era = 'legacy';
  readonly closed: Promise<unknown>;
  version: string = LATEST_LEGACY_VERSION;
  server: ServerDescription = { serverInfo: undefined, capabilities: {}, instructions: undefined };
  readonly #link: Link;
  readonly #resources: ResourceSubscriptions;
  readonly #options: ConnectOptions;
  readonly #level = new SessionLevel((level) => this.#setLevel(level));
  #reopening: Promise<void> | undefined;
  #stream: GetStream | undefined;
  /** Aborts when another session takes the place of this one. */
  #session = new AbortController();

  constructor(link: Link, options: ConnectOptions) {
    this.#link = link;
    this.#resources = new ResourceSubscriptions(link);
    this.#options = options;
    this.closed = link.closed;
    link.onRequest = options.answer;
  }

  readonly handler = (call: Call): Promise<Reply> => {
    if (call.method === 'server/discover') return Promise.resolve(this.#discover());
    if (call.method === 'subscriptions/listen') return this.#listen(call);
    if (call.isNotification) return this.#send({ ...call, params: patchMeta(call.params, LEGACY_META) });
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
    this.version = version;
    // A new session knows nothing of the level and the subscriptions of the one before.
    this.#level.reset();
    this.#session.abort();
    this.#session = new AbortController();
    this.server = {
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
      const reply = modernizeReply(call, await this.#send({ ...call, params: patchMeta(params, LEGACY_META) }));
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

  /** Sends a call in the session that is open, or in the one that is being opened. */
  async #send(call: Call): Promise<Reply> {
    if (this.#reopening) await untilAborted(this.#reopening, call.signal);
    const session = this.#sessionId;
    try {
      return await this.#link.send(call);
    } catch (thrown) {
      if (!isExpired(thrown)) throw thrown;
      if (this.#options.reopens === false) return await this.#forgotten();
      await untilAborted(this.#reopen(session), call.signal);
      return this.#link.send(call);
    }
  }

  async #forgotten(): Promise<never> {
    await this.close();
    throw new McpError('unavailable', `${this.#link.label} has forgotten the session.`);
  }

  get #sessionId(): string | undefined {
    return this.#link instanceof HttpLink ? this.#link.sessionId : undefined;
  }

  /** Opens a session again, once for all calls that found it expired. A 404 says that the call has not run. */
  #reopen(expired: string | undefined): Promise<void> {
    if (this.#reopening) return this.#reopening;
    if (this.#sessionId !== expired) return Promise.resolve();
    this.#reopening = this.initialize(AbortSignal.timeout(REOPEN_TIMEOUT_MS)).finally(
      () => (this.#reopening = undefined),
    );
    return this.#reopening;
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
