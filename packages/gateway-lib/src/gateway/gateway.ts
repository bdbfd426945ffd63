import { readConfig, serveStdio } from '#gateway-platform';
import {
  McpError,
  silentTelemetry,
  systemClock,
  systemRandom,
  type CallOptions,
  type Clock,
  type Handler,
  type InMemoryTransport,
  type JsonObject,
  type NodeHandler,
  type Result,
  type Telemetry,
  type UpgradeHandler,
} from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import { resolveEdge, type ChannelOptions, type ChannelServer } from '@org/mcp-sdk/serve';
import { createSeal, toBase64Url } from '@org/mcp-sdk/wire';
import type { Profile, ProfileOptions } from '../admin/profiler.ts';
import { createRoundRobin } from '../balancers/round-robin.ts';
import { Catalog } from '../catalog/catalog.ts';
import { createNameTable, type NameRecord, type NameTable } from '../catalog/names.ts';
import { EVERYTHING } from '../catalog/selection.ts';
import { createWheel, type Wheel } from '../core/wheel.ts';
import { createPick, type Pick } from '../router/pick.ts';
import { reachUpstreams, readUpstream, type ReadOptions } from '../router/read-upstream.ts';
import { Declarations } from '../router/extensions.ts';
import { ResourceWatches } from '../router/resource-watches.ts';
import { UpstreamSubscriptions } from '../router/subscriptions.ts';
import { parseConfig } from './config.ts';
import { warnOfFirst } from './generated-secret.ts';
import type { GatewayOptions } from './options.ts';
import { resolveOptions, type ResolvedGatewayOptions } from './resolve-options.ts';
import { statusOf, type UpstreamStatus } from './status.ts';
import { createUpstream, type ManagedUpstream } from './upstreams.ts';
import { resolveView, type ResolvedViewOptions, type ViewOptions } from './view-options.ts';
import { GatewayView, type ViewContext } from './view.ts';

/**
 * Many MCP servers behind one endpoint, inside this process.
 *
 * @remarks Nothing is started before it is needed: the first list or call does it, or {@link Gateway.start}.
 * @example
 * ```ts
 * const gateway = new Gateway({ upstreams: { api: { url: 'http://127.0.0.1:4000/mcp' } } });
 * createServer(gateway.handle).listen(3000, '127.0.0.1');
 * ```
 */
export class Gateway {
  /** The gateway as a function: mount it in another gateway, wrap it, call it. */
  readonly handler: Handler;
  readonly #options: ResolvedGatewayOptions;
  readonly #upstreams: ReadonlyMap<string, ManagedUpstream>;
  readonly #names: NameTable;
  readonly #catalog: Catalog;
  readonly #watches: ResourceWatches;
  readonly #subscriptions: UpstreamSubscriptions;
  readonly #wheel: Wheel;
  readonly #reading: ReadOptions;
  readonly #declared: Declarations;
  readonly #views = new Set<GatewayView>();
  readonly #viewContext: ViewContext;
  /** The view of everything. */
  readonly #all: GatewayView;
  readonly #channel: ChannelOptions;
  #stdio: ChannelServer | undefined;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  /** @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed */
  constructor(options: GatewayOptions) {
    this.#options = resolveOptions(options);
    const clock = options.clock ?? systemClock;
    const telemetry = options.telemetry ?? silentTelemetry;
    this.#wheel = createWheel(clock);
    const clientInfo = this.#options.info;
    this.#subscriptions = new UpstreamSubscriptions({
      clock,
      clientInfo,
      onChange: (upstream, method) => void this.#catalog.changed(upstream, method),
      onWatch: () => {
        this.#catalog.watchChanged();
      },
    });
    const context = {
      clock,
      telemetry,
      random: options.random ?? systemRandom,
      wheel: this.#wheel,
      clientInfo,
      onReady: (upstream: string, connection: Connection) => {
        this.#ready(upstream, connection);
      },
    };
    this.#upstreams = new Map(
      this.#options.upstreams.map((upstream) => [upstream.name, createUpstream(upstream, context)]),
    );
    // What the gateway reads for itself must not take the turns of calls.
    const reading = { pick: this.#createPick(), clientInfo, timeoutMs: this.#options.listTimeoutMs };
    this.#reading = { ...reading, wheel: this.#wheel, telemetry };
    this.#declared = new Declarations({
      upstreams: [...this.#upstreams.keys()],
      reach: (names) =>
        reachUpstreams(
          names.map((name) => this.#upstream(name)),
          this.#reading,
        ),
      telemetry,
    });
    const { naming, names, renames } = this.#options.catalog;
    this.#names = createNameTable({ naming, upstreams: [...this.#upstreams.keys()], names, renames });
    this.#catalog = this.#createCatalog(clock, telemetry);
    this.#watches = new ResourceWatches({ ...reading, clock });
    this.#viewContext = this.#createViewContext(options, clock);
    this.#all = this.#createView({
      info: this.#options.info,
      instructions: this.#options.instructions,
      upstreams: [...this.#upstreams.keys()],
      selectors: undefined,
      extensions: EVERYTHING,
      label: 'gateway',
      isWhole: true,
    });
    this.#channel = options;
    ({ handler: this.handler, fetch: this.fetch, handle: this.handle, upgrade: this.upgrade } = this.#all);
  }

  /**
   * Makes a gateway of a host's config: the `mcpServers` JSON of Claude Desktop, Cursor or VS Code, with `${ENV_VAR}`.
   *
   * @param config - path of the file (Node only), or its content
   * @param options - everything else
   * @throws McpError `invalid_options` naming every bad entry; nothing is started then
   */
  static async fromConfig(
    config: string | JsonObject,
    options: Omit<GatewayOptions, 'upstreams'> = {},
  ): Promise<Gateway> {
    const { value, source, env } = await readConfig(config);
    return new Gateway({ ...options, upstreams: parseConfig(value, { source, env }) });
  }

  /** Serves a web-standard request: Hono, Bun, Deno, workers, Next routes. */
  readonly fetch: (request: Request) => Promise<Response>;

  /** Serves a `node:http` request: Express, Fastify, Koa. Node only. */
  readonly handle: NodeHandler;

  /**
   * Takes a WebSocket handshake: `httpServer.on('upgrade', gateway.upgrade)`. Node only; needs the package `ws`.
   *
   * @remarks The subprotocol is `mcp`; each text frame is one JSON-RPC message. Origin, `Host` and credentials are
   * checked before the upgrade, and a socket that is lost cancels its calls.
   */
  readonly upgrade: UpgradeHandler;

  /**
   * Calls a method in this process.
   * @param method - e.g. `tools/call`
   * @returns the result; rejects with a `RemoteError` for an error of the upstream, an `McpError` for one of the gateway
   */
  call(method: string, params: JsonObject = {}, options: CallOptions = {}): Promise<Result> {
    return this.#all.call(method, params, options);
  }

  /** A transport for an official client (v1 or v2) in this process. */
  connect(): InMemoryTransport {
    return this.#all.connect();
  }

  /**
   * Makes a part of the gateway for a team, a tenant or an agent, to be mounted at a path of its own.
   * @throws McpError `invalid_options` naming every bad option
   */
  view(options: ViewOptions): GatewayView {
    if (this.#closed) throw new McpError('overloaded', 'The gateway is closing; it has no more views.');
    const taken = [...this.#views].filter((view) => view !== this.#all).map(({ name }) => name);
    const { version } = this.#options.info;
    return this.#createView(resolveView(options, { version, upstreams: [...this.#upstreams.keys()], taken }));
  }

  /**
   * The public names that were given so far, as JSON. Given as the option `names` to a later gateway, or to another
   * replica, they stay the same there whatever answers first.
   */
  names(): NameRecord {
    return this.#names.record();
  }

  /** Serves the standard streams, so that a desktop host runs the gateway as one server; ends with them. Node only. */
  async serveStdio(): Promise<void> {
    this.#stdio = serveStdio(this.handler, this.#channel);
    await this.#stdio.closed;
    await this.close();
  }

  /** Reaches all upstreams and reads their lists, each within its deadline; resolves with how they are. Never rejects. */
  async start(): Promise<readonly UpstreamStatus[]> {
    await Promise.all(this.#options.upstreams.map(({ name }) => this.#catalog.refreshAll(name)));
    return this.status();
  }

  /** How the upstreams are now. */
  status(): readonly UpstreamStatus[] {
    return [...this.#upstreams.values()].map((upstream) => statusOf(upstream, this.#catalog));
  }

  /**
   * Starts an upstream anew that takes no calls: one that was given up after crashing again and again, or that does not
   * answer. A child process that does not answer is ended; endpoints that are ready are left alone.
   */
  restart(upstream: string): void {
    const known = this.#upstreams.get(upstream);
    if (!known) throw new McpError('invalid_options', `There is no upstream "${upstream}".`);
    for (const endpoint of known.endpoints) endpoint.restart();
  }

  /**
   * Measures for some seconds which functions of this process take the time, or allocate the memory. Needs the option
   * `profiler`; the end of the gateway ends it early.
   * @throws McpError `invalid_options` for bad options or without a profiler; `overloaded` while another profile is
   * taken; `cancelled` once the gateway closes
   */
  async profile(options: ProfileOptions): Promise<Profile> {
    const { profiler } = this.#options;
    if (!profiler)
      throw new McpError(
        'invalid_options',
        'Profiling is off; give the gateway the option profiler: createProfiler() of @org/mcp-gateway/admin.',
      );
    return profiler.take(options, this.#closing.signal);
  }

  /**
   * Drains: refuses new calls, lets running ones finish within `drainMs`, ends streams, then children and sockets.
   * @returns resolves when nothing is left that keeps the process alive
   */
  close(): Promise<void> {
    this.#closing.abort();
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#views].map((view) => view.close()));
    await this.#stdio?.close();
    this.#subscriptions.close();
    this.#watches.close();
    this.#catalog.close();
    const endpoints = [...this.#upstreams.values()].flatMap((upstream) => upstream.endpoints);
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    this.#wheel.close();
  }

  #ready(upstream: string, connection: Connection): void {
    this.#declared.learn(upstream, connection);
    this.#subscriptions.follow(upstream, connection);
    // Calls prefer endpoints that are ready: the others would never be reached by waiting for a call.
    for (const endpoint of this.#upstream(upstream).endpoints) endpoint.start();
    void this.#catalog.refreshAll(upstream);
  }

  #createPick(): Pick {
    const balancers = new Map([...this.#upstreams.keys()].map((name) => [name, createRoundRobin()]));
    return createPick(({ name }) => balancers.get(name) ?? createRoundRobin());
  }

  #createCatalog(clock: Clock, telemetry: Telemetry): Catalog {
    const { pageSize, resources } = this.#options.catalog;
    return new Catalog({
      upstreams: [...this.#upstreams.keys()],
      names: this.#names,
      clock,
      read: (name, method) => readUpstream(this.#upstream(name), method, this.#reading),
      isWatched: (name, method) => this.#subscriptions.isWatched(name, method),
      pageSize,
      conflicts: resources,
      overrides: new Map(this.#options.upstreams.map(({ name, overrides }) => [name, overrides])),
      telemetry,
    });
  }

  #createViewContext(options: GatewayOptions, clock: Clock): ViewContext {
    const { secret, random } = resolveEdge(options);
    const telemetry = options.telemetry ?? silentTelemetry;
    const seal = options.secret ? createSeal(secret, random) : warnOfFirst(createSeal(secret, random), telemetry);
    return {
      audience: options.audience ?? this.#options.info.name,
      catalog: this.#catalog,
      upstreams: this.#upstreams,
      declared: this.#declared,
      use: this.#options.use,
      pick: this.#createPick(),
      reading: this.#reading,
      watches: this.#watches,
      seal,
      replica: toBase64Url(random.bytes(12)),
      marksUris: this.#options.catalog.resources === 'namespaced',
      drainMs: this.#options.drainMs,
      clock,
      telemetry: options.telemetry,
      edge: { ...options, secret },
      onClose: (view) => this.#views.delete(view),
    };
  }

  #createView(options: ResolvedViewOptions): GatewayView {
    const view = new GatewayView(options, this.#viewContext);
    this.#views.add(view);
    return view;
  }

  #upstream(name: string): ManagedUpstream {
    const upstream = this.#upstreams.get(name);
    if (!upstream) throw new McpError('internal', `There is no upstream "${name}".`);
    return upstream;
  }
}
