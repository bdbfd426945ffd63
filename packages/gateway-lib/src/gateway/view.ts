import type {
  CallOptions,
  Clock,
  EdgeOptions,
  Handler,
  InMemoryTransport,
  JsonObject,
  Middleware,
  NodeHandler,
  Result,
  Telemetry,
  UpgradeHandler,
} from '@org/mcp-sdk';
import { Drain } from '@org/mcp-sdk/serve';
import { InnerCall, type Seal } from '@org/mcp-sdk/wire';
import type { Catalog } from '../catalog/catalog.ts';
import type { CatalogView } from '../catalog/catalog-view.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import type { Upstream } from '../core/upstream.ts';
import { createObserve } from '../observability/observe.ts';
import { createDiscover } from '../router/discover.ts';
import { createDispatch } from '../router/dispatch.ts';
import type { Declarations } from '../router/extensions.ts';
import { FanIn } from '../router/fan-in.ts';
import { createLists } from '../router/lists.ts';
import { createPublicUris } from '../router/public-uris.ts';
import { reachUpstreams, type ReadOptions } from '../router/read-upstream.ts';
import type { Pick } from '../router/pick.ts';
import { createResolve, locateResource } from '../router/resolve.ts';
import { RequestStates } from '../router/request-states.ts';
import { createRestamp } from '../router/restamp.ts';
import type { ResourceWatches } from '../router/resource-watches.ts';
import { createRootsChanged } from '../router/roots-changed.ts';
import { createRouteOther } from '../router/route-other.ts';
import { TaskIds } from '../router/task-ids.ts';
import { createWatchTasks } from '../router/task-watches.ts';
import { restampLegacyTasks, withIdOfUpstream } from '../router/legacy-tasks.ts';
import { restampTasks } from '../router/tasks.ts';
import { Doors } from './doors.ts';
import { createPipeline } from './pipeline.ts';
import type { ResolvedViewOptions } from './view-options.ts';

/** What all views of a gateway share. */
export interface ViewContext {
  /** Of what the gateway seals. */
  readonly audience: string;
  readonly catalog: Catalog;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly use: readonly Middleware<RoutedCall>[];
  readonly pick: Pick;
  readonly reading: ReadOptions;
  readonly watches: ResourceWatches;
  readonly declared: Declarations;
  /** Seals what callers hold. */
  readonly seal: Seal;
  /** Tells this gateway from its replicas, and from what it was before a restart. */
  readonly replica: string;
  readonly marksUris: boolean;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry | undefined;
  readonly edge: EdgeOptions;
  /** Told when a view is closed. */
  readonly onClose: (view: GatewayView) => void;
}

/**
 * A part of a gateway, for a team, a tenant or an agent, to be mounted at a path of its own. What is not in it cannot be
 * listed, called, read, completed or watched, and nothing is told of it. Connections and lists are the gateway's.
 */
export class GatewayView {
  readonly name: string;
  /** The view as a function. */
  readonly handler: Handler;
  /** Serves a web-standard request: Hono, Bun, Deno, workers, Next routes. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Serves a `node:http` request: Express, Fastify, Koa. Node only. */
  readonly handle: NodeHandler;
  /** Takes a WebSocket handshake. Node only; needs the package `ws`. */
  readonly upgrade: UpgradeHandler;
  readonly #context: ViewContext;
  readonly #catalog: CatalogView;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #taskIds: TaskIds;
  readonly #states: RequestStates;
  readonly #fanIn: FanIn;
  readonly #drain: Drain;
  readonly #doors: Doors;
  #closed: Promise<void> | undefined;

  /** Made by {@link Gateway.view}. @internal */
  constructor(options: ResolvedViewOptions, context: ViewContext) {
    this.name = options.info.name;
    this.#context = context;
    const { reading, clock, upstreams, replica, seal } = context;
    this.#upstreams = new Map([...upstreams].filter(([upstream]) => options.upstreams.includes(upstream)));
    // What is sealed here is opened here, and nowhere else.
    const audience = options.isWhole ? context.audience : `${context.audience}, ${options.label}`;
    this.#taskIds = new TaskIds({ name: audience, seal, upstreams: this.#upstreams });
    this.#states = new RequestStates({ name: audience, seal, clock, replica });
    this.#fanIn = new FanIn(
      (uri, onUpdate) => this.#watch(uri, onUpdate),
      createWatchTasks({ ...reading, ids: this.#taskIds, clock }),
    );
    this.#catalog = context.catalog.createView({
      upstreams: options.upstreams,
      ...(options.selectors ? { selectors: options.selectors } : {}),
      onChange: (method) => {
        this.#fanIn.changed(method);
      },
    });
    this.#drain = new Drain(options.label, clock, InnerCall);
    this.handler = this.#createPipeline(options);
    this.#doors = new Doors(this.handler, { ...context.edge, audience }, options.info);
    ({ fetch: this.fetch, handle: this.handle, upgrade: this.upgrade } = this.#doors);
  }

  /** Calls a method in this process, like {@link Gateway.call}. */
  call(method: string, params: JsonObject = {}, options: CallOptions = {}): Promise<Result> {
    return this.#doors.call(method, params, options);
  }

  /** A transport for an official client (v1 or v2) in this process. */
  connect(): InMemoryTransport {
    return this.#doors.connect();
  }

  /** Refuses new calls, lets running ones finish within the `drainMs` of the gateway, and ends streams. Others go on. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#fanIn.close();
    await this.#drain.close(this.#context.drainMs);
    await this.#doors.close();
    this.#context.catalog.removeView(this.#catalog);
    this.#context.onClose(this);
  }

  #createPipeline({ info, instructions, upstreams: names, extensions, label, isWhole }: ResolvedViewOptions): Handler {
    const { clock, telemetry, use, pick, reading, marksUris, declared } = this.#context;
    const catalog = this.#catalog;
    const upstreams = this.#upstreams;
    const ids = this.#taskIds;
    const states = this.#states;
    const told = telemetry && (isWhole ? telemetry : labelled(telemetry, label));
    return createPipeline({
      drain: this.#drain.middleware,
      observe: told && createObserve(told, clock),
      resolve: createResolve({
        catalog,
        upstreams,
        routeOther: createRouteOther({ ids, upstreams, declared: declared.of(names, extensions) }),
      }),
      user: [...(marksUris ? [createPublicUris(catalog)] : []), ...use],
      catalog: createLists({ catalog, info }),
      discover: createDiscover({
        info,
        instructions,
        extensions,
        connections: () => reachUpstreams([...upstreams.values()], reading),
      }),
      fanIn: this.#fanIn.handler,
      rootsChanged: createRootsChanged(upstreams),
      dispatch: createDispatch({
        pick,
        wheel: reading.wheel,
        reopen: (call) => states.open(withIdOfUpstream(call)),
        restamp: createRestamp([restampTasks(ids), restampLegacyTasks(ids), states.restamp]),
      }),
    });
  }

  async #watch(uri: string, onUpdate: (uri: string) => void): Promise<(() => void) | undefined> {
    const origin = await locateResource(this.#catalog, uri);
    const upstream = origin && this.#upstreams.get(origin.upstream);
    if (!upstream) return undefined;
    return this.#context.watches.watch(upstream, origin.target, (updated) => {
      if (this.#catalog.isSeen(upstream.name, updated)) onUpdate(this.#catalog.publicUri(upstream.name, updated));
    });
  }
}

/** Says in each fact which view it is about. */
const labelled = (telemetry: Telemetry, view: string): Telemetry => ({
  record: (fact) => {
    telemetry.record({ ...fact, fields: { ...fact.fields, view } });
  },
});
