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
import { Drain, resolveEdge, type ChannelOptions, type ChannelServer } from '@org/mcp-sdk/serve';
import { createSeal } from '@org/mcp-sdk/wire';
import { createRoundRobin } from '../balancers/round-robin.ts';
import { Catalog } from '../catalog/catalog.ts';
import { createNameTable } from '../catalog/names.ts';
import { createWheel, type Wheel } from '../core/wheel.ts';
import { createObserve } from '../observability/observe.ts';
import { createDiscover } from '../router/discover.ts';
import { createDispatch } from '../router/dispatch.ts';
import { FanIn } from '../router/fan-in.ts';
import { createLists } from '../router/lists.ts';
import { createPick, type Pick } from '../router/pick.ts';
import { reachUpstream, readUpstream, type ReadOptions } from '../router/read-upstream.ts';
import { Declarations } from '../router/extensions.ts';
import { createRouteOther } from '../router/route-other.ts';
import { createResolve, locateResource } from '../router/resolve.ts';
import { ResourceWatches } from '../router/resource-watches.ts';
import { UpstreamSubscriptions } from '../router/subscriptions.ts';
import { TaskIds } from '../router/task-ids.ts';
import { createWatchTasks } from '../router/task-watches.ts';
import { createTaskRestamp } from '../router/tasks.ts';
import { parseConfig } from './config.ts';
import { Doors } from './doors.ts';
import { warnOfFirst } from './generated-secret.ts';
import { resolveOptions, type GatewayOptions, type ResolvedGatewayOptions } from './options.ts';
import { createPipeline } from './pipeline.ts';
import { statusOf, type UpstreamStatus } from './status.ts';
import { createUpstream, type ManagedUpstream } from './upstreams.ts';

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
  readonly #catalog: Catalog;
  readonly #fanIn: FanIn;
  readonly #watches: ResourceWatches;
  readonly #subscriptions: UpstreamSubscriptions;
  readonly #drain: Drain;
  readonly #wheel: Wheel;
  readonly #reading: ReadOptions;
  readonly #declared = new Declarations(
    () => this.#upstreams.keys(),
    () => this.#connections(),
  );
  readonly #taskIds: TaskIds;
  readonly #doors: Doors;
  readonly #channel: ChannelOptions;
  #stdio: ChannelServer | undefined;
  #closed: Promise<void> | undefined;

  /** @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed */
  constructor(options: GatewayOptions) {
    this.#options = resolveOptions(options);
    const clock = options.clock ?? systemClock;
    const telemetry = options.telemetry ?? silentTelemetry;
    this.#wheel = createWheel(clock);
    this.#drain = new Drain('gateway', clock);
    const clientInfo = this.#options.info;
    this.#subscriptions = new UpstreamSubscriptions({
      clock,
      clientInfo,
      onChange: (upstream, method) => void this.#catalog.changed(upstream, method),
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
    this.#catalog = this.#createCatalog(clock);
    this.#watches = new ResourceWatches({ ...reading, clock });
    const { secret, random } = resolveEdge(options);
    const seal = createSeal(secret, random);
    this.#taskIds = new TaskIds({
      name: this.#options.info.name,
      seal: options.secret ? seal : warnOfFirst(seal, telemetry),
      upstreams: this.#upstreams,
    });
    const watchTasks = createWatchTasks({ ...reading, ids: this.#taskIds, clock });
    this.#fanIn = new FanIn(async (uri, onUpdate) => {
      const origin = await locateResource(this.#catalog, uri);
      return origin && this.#watches.watch(this.#upstream(origin.upstream), origin.target, onUpdate);
    }, watchTasks);
    this.handler = this.#createPipeline(clock, options.telemetry);
    this.#doors = new Doors(this.handler, { ...options, secret }, this.#options.info);
    this.#channel = options;
    this.fetch = this.#doors.fetch;
    this.handle = this.#doors.handle;
    this.upgrade = this.#doors.upgrade;
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
    return this.#doors.call(method, params, options);
  }

  /** A transport for an official client (v1 or v2) in this process. */
  connect(): InMemoryTransport {
    return this.#doors.connect();
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
   * Drains: refuses new calls, lets running ones finish within `drainMs`, ends streams, then children and sockets.
   * @returns resolves when nothing is left that keeps the process alive
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#fanIn.close();
    await this.#drain.close(this.#options.drainMs);
    await Promise.all([this.#stdio?.close(), this.#doors.close()]);
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

  #createCatalog(clock: Clock): Catalog {
    const names = createNameTable(this.#options.naming, [...this.#upstreams.keys()]);
    return new Catalog({
      upstreams: [...this.#upstreams.keys()],
      names,
      clock,
      read: (name, method) => readUpstream(this.#upstream(name), method, this.#reading),
      isWatched: (name, method) => this.#subscriptions.isWatched(name, method),
      onChange: (method) => {
        this.#fanIn.changed(method);
      },
    });
  }

  #createPipeline(clock: Clock, telemetry: Telemetry | undefined): Handler {
    const { info, instructions, use } = this.#options;
    return createPipeline({
      drain: this.#drain.middleware,
      observe: telemetry && createObserve(telemetry, clock),
      resolve: createResolve({
        catalog: this.#catalog,
        upstreams: this.#upstreams,
        routeOther: createRouteOther({ ids: this.#taskIds, upstreams: this.#upstreams, declared: this.#declared }),
      }),
      user: use,
      catalog: createLists({ catalog: this.#catalog, info }),
      discover: createDiscover({ info, instructions, connections: () => this.#connections() }),
      fanIn: this.#fanIn.handler,
      dispatch: createDispatch({
        pick: this.#createPick(),
        wheel: this.#wheel,
        restamp: createTaskRestamp(this.#taskIds),
      }),
    });
  }

  #upstream(name: string): ManagedUpstream {
    const upstream = this.#upstreams.get(name);
    if (!upstream) throw new McpError('internal', `There is no upstream "${name}".`);
    return upstream;
  }

  async #connections(): Promise<ReadonlyMap<string, Connection | Error>> {
    const reached = [...this.#upstreams.values()].map(async (upstream): Promise<[string, Connection | Error]> => {
      const connection = reachUpstream(upstream, this.#reading);
      return [upstream.name, await connection.catch((thrown: unknown) => McpError.from(thrown))];
    });
    return new Map(await Promise.all(reached));
  }
}
