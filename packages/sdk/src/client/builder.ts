import type { Auth } from '../auth/auth.ts';
import type { Connection } from '../connect/connection.ts';
import { EraVerdict } from '../connect/era-verdict.ts';
import type { Call, ClientIdentity } from '../core/call.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { compose, type Middleware } from '../core/handler.ts';
import type { Era, LogLevel } from '../core/protocol.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';
import { ResultCache, type CacheOptions } from './cache.ts';
import { MCPClient, type LogMessage } from './client.ts';
import { targetFromConfig, type ServerConfig } from './config.ts';
import {
  answerAll,
  answerLegacy,
  answerQuestions,
  capabilitiesOf,
  type Answerers,
  type ElicitMode,
  type ClientRoot,
  type OnElicit,
  type OnSample,
} from './rounds.ts';
import { LastingConnection } from './lasting-connection.ts';
import { mirrorParams } from './mirrored-params.ts';
import { checkLimit } from './running-calls.ts';
import type { Change, ReconnectOptions } from './subscription.ts';
import {
  httpTarget,
  inMemoryTarget,
  type InMemoryServer,
  stdioTarget,
  type HttpTargetOptions,
  type StdioTargetOptions,
  type Target,
  type TargetOptions,
  webSocketTarget,
  type WebSocketTargetOptions,
} from './target.ts';
import { TASKS_EXTENSION } from './task-calls.ts';

/** How long things may take. */
export interface TimeoutOptions {
  /** Reaching the server, the start of its process included. Unit: ms, from 1. @defaultValue 30_000 */
  connectMs?: number;
  /** One call, questions and tasks included. Unit: ms, from 1. @defaultValue 300_000: a user may be asked */
  callMs?: number;
}

const DEFAULT_RECONNECT: Required<ReconnectOptions> = { initialDelayMs: 500, maxDelayMs: 30_000 };

/** What a server may ask the user. */
export interface ElicitOptions {
  /** Forms to fill in, pages to go to. @defaultValue both */
  modes?: readonly ElicitMode[];
}

/** Who a client is, as servers see it. */
export interface ClientOptions extends ClientIdentity {
  /** @defaultValue the machine's */
  clock?: Clock;
}

/**
 * Builds a client of one server, in whichever era the server speaks.
 *
 * @example
 * ```ts
 * const client = await new MCPClientBuilder({ name: 'app', version: '1.0.0' }).http('http://127.0.0.1:3000/mcp').build();
 * const result = await client.tools.call('now');
 * ```
 */
export class MCPClientBuilder {
  readonly #clientInfo: ClientIdentity;
  readonly #clock: Clock;
  readonly #layers: Middleware[] = [];
  #target: Target | undefined;
  #auth: Auth | undefined;
  #answerers: Answerers = {};
  #log: { level: LogLevel; onMessage: (message: LogMessage) => void } | undefined;
  #timeouts: Required<TimeoutOptions> = { connectMs: 30_000, callMs: 300_000 };
  #reconnect: Required<ReconnectOptions> | false = DEFAULT_RECONNECT;
  #cache: CacheOptions | undefined;
  #era: Era | undefined;
  /** What the last probe found: saves the next. */
  readonly #verdict: EraVerdict;

  constructor({ clock = systemClock, ...clientInfo }: ClientOptions) {
    this.#clientInfo = clientInfo;
    this.#clock = clock;
    this.#verdict = new EraVerdict(clock);
  }

  /** Reaches a server over Streamable HTTP. @throws McpError `invalid_options` if it is no HTTP URL */
  http(url: string | URL, options?: HttpTargetOptions): this {
    return this.#reach(httpTarget(url, options));
  }

  /**
   * Reaches a server over WebSocket, subprotocol `mcp`. Node only; needs the package `ws`.
   * @throws McpError `invalid_options` if it is no WebSocket URL
   */
  webSocket(url: string | URL, options?: WebSocketTargetOptions): this {
    return this.#reach(webSocketTarget(url, options));
  }

  /** Starts a server and speaks to it on its standard streams; it ends with the client. Node only. */
  stdio(command: string, args?: readonly string[], options?: StdioTargetOptions): this {
    return this.#reach(stdioTarget(command, args, options));
  }

  /** Speaks to a server, or any handler, of this process; a server object of the official SDKs will do. */
  inMemory(server: InMemoryServer): this {
    return this.#reach(inMemoryTarget(server));
  }

  /**
   * Reaches a server as an entry of the `mcpServers` JSON of a desktop host says, with `${VAR}` and `${VAR:-default}`.
   * @throws McpError `invalid_options` naming the member that is wrong
   */
  fromConfig(entry: ServerConfig): this {
    return this.#reach(targetFromConfig(entry));
  }

  /** Wraps every call of every method; what is added first runs first. */
  use<Out extends Call = Call>(middleware: TypedMiddleware<Call, Out>): this {
    // What a middleware adds here is seen by those that follow; the server sees `params` only.
    this.#layers.push(middleware as unknown as Middleware);
    return this;
  }

  /** Where credentials come from: `bearer`, `fromOAuthProvider`, or your own. */
  auth(auth: Auth): this {
    this.#auth = auth;
    return this;
  }

  /**
   * Answers what servers ask the user. For a page (`mode` is `url`), `accept` once the user is back from it: the call is
   * then made again.
   * @defaultValue servers are told that they cannot ask
   */
  onElicit(elicit: OnElicit, { modes = ['form', 'url'] }: ElicitOptions = {}): this {
    this.#answerers = { ...this.#answerers, elicit, modes };
    return this;
  }

  /**
   * Answers what servers ask a model.
   * @deprecated by the specification since 2026-07-28 (SEP-2577); for servers that still ask
   */
  onSample(sample: OnSample): this {
    this.#answerers = { ...this.#answerers, sample };
    return this;
  }

  /**
   * Tells servers what folders and files there are.
   * @deprecated by the specification since 2026-07-28 (SEP-2577); for servers that still ask
   */
  roots(roots: readonly ClientRoot[] | (() => readonly ClientRoot[] | Promise<readonly ClientRoot[]>)): this {
    this.#answerers = { ...this.#answerers, roots: typeof roots === 'function' ? roots : () => roots };
    return this;
  }

  /** Takes the log messages of the server. @param level - the least severe that is wanted */
  onLog(onMessage: (message: LogMessage) => void, level: LogLevel = 'info'): this {
    this.#log = { level, onMessage };
    return this;
  }

  /** Limits how long things may take. @throws McpError `invalid_options` if a limit is no integer from 1 */
  timeouts(timeouts: TimeoutOptions): this {
    this.#timeouts = { ...this.#timeouts, ...positive('timeouts', timeouts) };
    return this;
  }

  /**
   * How the client comes back: subscriptions whose stream breaks are opened again, and a server that is gone (a process
   * that ended, a WebSocket that was cut) is reached anew, or started again, at the next call. Calls are never sent twice.
   * @param reconnect - false: a server that is gone stays gone
   * @throws McpError `invalid_options` if a delay is no integer from 1
   */
  reconnect(reconnect: ReconnectOptions | false): this {
    this.#reconnect = reconnect && { ...DEFAULT_RECONNECT, ...this.#reconnect, ...positive('reconnect', reconnect) };
    return this;
  }

  /** Keeps results as long as their `ttlMs` says, and until the server tells of a change. @defaultValue nothing is kept */
  cache(cache: CacheOptions = {}): this {
    this.#cache = positive('cache', cache);
    return this;
  }

  /** Which era to speak. @defaultValue `auto`: found out by one probe */
  era(era: Era | 'auto'): this {
    this.#era = era === 'auto' ? undefined : era;
    return this;
  }

  /**
   * Connects.
   * @throws McpError `invalid_options` if there is no server to reach or no such program, `unavailable` if it cannot be reached,
   * `unsupported_protocol_version` without a common revision
   */
  async build(): Promise<MCPClient> {
    const clientCapabilities = {
      ...capabilitiesOf(this.#answerers),
      extensions: { [TASKS_EXTENSION]: {} },
    };
    const { open, reconnect, clock } = {
      open: () => this.#open(clientCapabilities),
      reconnect: this.#reconnect,
      clock: this.#clock,
    };
    const connection = new LastingConnection(await open(), { open, reconnect, clock });
    const cache = this.#cache && new ResultCache(this.#clock, this.#cache, () => this.#auth?.context?.());
    const inner: Middleware[] = [
      ...(cache ? [cache.middleware] : []),
      answerQuestions(this.#answerers),
      mirrorParams({
        isOn: () => connection.era === 'modern',
        onRejected: ({ message }) => this.#log?.onMessage({ level: 'warning', logger: 'client', data: message }),
      }),
    ];
    return new MCPClient({
      connection,
      handler: compose([...this.#layers, ...inner])(connection.handler),
      ...{ clock: this.#clock, clientInfo: this.#clientInfo, clientCapabilities },
      callMs: this.#timeouts.callMs,
      reconnect: this.#reconnect || DEFAULT_RECONNECT,
      log: this.#log,
      answer: (inputRequests, signal) => answerAll(inputRequests, this.#answerers, signal),
      onChange: (change) => {
        if (cache) forget(cache, change);
      },
    });
  }

  async #open(clientCapabilities: object): Promise<Connection> {
    if (!this.#target)
      throw new McpError(
        'invalid_options',
        'The client has no server: call http(), stdio(), webSocket(), inMemory() or fromConfig().',
      );
    const timeout = new AbortController();
    const { connectMs } = this.#timeouts;
    const stop = this.#clock.after(connectMs, () => {
      timeout.abort(new McpError('timeout', `The server was not reached within ${connectMs} ms.`));
    });
    const onStray: TargetOptions['onStray'] = (method, params) => {
      // The server's own words: whoever is told looks at them.
      if (method === 'notifications/message') this.#log?.onMessage(params as unknown as LogMessage);
    };
    const options = {
      clientInfo: this.#clientInfo,
      clientCapabilities: { ...clientCapabilities },
      ...(this.#era ? { era: this.#era } : {}),
      verdict: this.#verdict,
      signal: timeout.signal,
      clock: this.#clock,
      answer: answerLegacy(this.#answerers),
      onStray,
    };
    try {
      return await this.#target(options, this.#auth);
    } finally {
      stop();
    }
  }

  #reach(target: Target): this {
    if (this.#target) throw new McpError('invalid_options', 'A client has one server: it was given two.');
    this.#target = target;
    return this;
  }
}

function positive<T extends object>(path: string, options: T): T {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) checkLimit(`${path}.${name}`, value);
  return options;
}

function forget(cache: ResultCache, change: Change): void {
  if (change.kind === 'resource' || change.kind === 'resources') cache.forget('resources/');
  else if (change.kind !== 'task') cache.forget(`${change.kind}/`);
}
