import type { EdgeOptions, Handler, JsonObject, Middleware } from '@org/mcp-sdk';
import type { DispatcherLike, FetchLike, OfficialServer } from '@org/mcp-sdk/connect';
import type { Profiler } from '../admin/profiler.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import type { Isolation } from '../registry/isolation.ts';
import type { CatalogSettings, OfferOptions } from './catalog-options.ts';

/** A server in this process. */
export interface InProcessEndpoint {
  /** A built server, any handler, or an official server object (`McpServer` v1 or v2). */
  server: { readonly handler: Handler } | Handler | OfficialServer;
}

/** A server that is started as a child process. Node only. */
export interface ChildEndpoint {
  /** Program to start, looked up in PATH; no shell is involved. */
  command: string;
  args?: readonly string[];
  /**
   * Environment of the child. It gets these and what programs need to start (`PATH`, `HOME`, …), nothing else.
   * @defaultValue `{}`
   */
  env?: Readonly<Record<string, string>>;
  /** @defaultValue the directory of this process */
  cwd?: string;
  /**
   * What a child that all callers share is told that it may ask for, e.g. `{ elicitation: { form: {} } }`. A question goes
   * to the caller of the one call that runs then; while several run it is refused. For a server of a revision before
   * 2026-07-28.
   * @defaultValue `{}`: nothing; with `isolation` what its caller can be asked
   */
  clientCapabilities?: JsonObject;
}

/** A server over Streamable HTTP. */
export interface HttpEndpoint {
  /** Absolute, `http:` or `https:`. */
  url: string | URL;
  /** Sent with every request, e.g. `authorization`. @defaultValue `{}` */
  headers?: Readonly<Record<string, string>>;
  /** An undici dispatcher to send with. Node only. @defaultValue an own pool */
  dispatcher?: DispatcherLike;
  /** A `fetch` to send with, in place of undici. */
  fetch?: FetchLike;
}

/** A server over WebSocket: all calls share one socket. Node only; needs the package `ws`. */
export interface WebSocketEndpoint {
  /** Absolute, `ws:` or `wss:`. */
  url: string | URL;
  /** Sent with the handshake, e.g. `authorization`. @defaultValue `{}` */
  headers?: Readonly<Record<string, string>>;
}

/** One reachable instance of a server. */
export type EndpointOptions = InProcessEndpoint | ChildEndpoint | HttpEndpoint | WebSocketEndpoint;

/** What all kinds of upstreams have. */
export interface UpstreamSettings {
  /** Limit for one call, to the end of its reply. Unit: ms, from 1. @defaultValue 55_000: the caller's own limit is 60 s in most clients, so that it learns which upstream was slow */
  timeoutMs?: number;
  /** Limit for reaching the server, the start of its process included. Unit: ms, from 1. @defaultValue 30_000: `npx` may have to install it */
  connectTimeoutMs?: number;
  /**
   * How long a server with running calls may be silent and not answer a ping; then its calls fail and it is left out
   * until it answers. Any HTTP response is an answer, and a server over HTTP that took long to reach has longer. A child
   * process that is busy is told from a stopped one on Linux, and left to work. Unit: ms, from 2; 0 to wait for
   * `timeoutMs` only.
   * @defaultValue 800: a frozen server is noticed within a second. Raise it for servers over HTTP, and for children on
   * other systems than Linux, whose tools block their event loop
   */
  livenessMs?: number;
  /**
   * Who shares a session of a server of a revision before 2026-07-28, or the process of one on standard streams. `shared`:
   * all callers that can be asked the same. `session`: one conversation of a caller, and nobody else; a caller without one
   * (modern, over HTTP) is told apart by its principal, an anonymous one has a session for one call. `principal`: whoever
   * acts under one subject. What is kept for one caller ends with its conversation or after 30 minutes of no use; if it
   * is lost, so is the conversation (HTTP 404). A modern server has no sessions.
   * @defaultValue `shared`
   */
  isolation?: Isolation;
  /**
   * Folders that a server of a revision before 2026-07-28 gets when it asks for roots; it may change what it serves by
   * them. `uri` starts with `file://`.
   * @defaultValue callers are asked where they do not share a session; otherwise there are none to ask for
   */
  roots?: readonly { readonly uri: string; readonly name?: string }[];
}

/** A named logical server: one endpoint, or several that take calls in turn. */
export type UpstreamOptions = UpstreamSettings &
  OfferOptions &
  (EndpointOptions | { endpoints: readonly EndpointOptions[] });

/** Options of {@link Gateway}. */
export interface GatewayOptions extends EdgeOptions, CatalogSettings {
  /** The servers by name; at least one. */
  upstreams: Readonly<Record<string, UpstreamOptions>>;
  /** Name that callers see. @defaultValue `mcp-gateway` */
  name?: string;
  /** Version that callers see. @defaultValue `0.1.0` */
  version?: string;
  /** Tells models how to use what is behind the gateway; put before the instructions of the upstreams. */
  instructions?: string;
  /** Wraps every call that has found its upstream; what comes first runs first. */
  use?: readonly Middleware<RoutedCall>[];
  /** Deadline for one upstream when lists are merged. Unit: ms, from 1. @defaultValue 5_000 */
  listTimeoutMs?: number;
  /**
   * Lets {@link Gateway.profile} work: `createProfiler()` of `@org/mcp-gateway/admin`.
   * @defaultValue none: the process is not profiled
   */
  profiler?: Profiler;
  /** How long running calls may go on once the gateway closes. Unit: ms, from 0. @defaultValue 5_000 */
  drainMs?: number;
}
