import { isJsonObject, McpError, type EdgeOptions, type Handler, type JsonObject, type Middleware } from '@org/mcp-sdk';
import { isOfficialServer, type DispatcherLike, type FetchLike, type OfficialServer } from '@org/mcp-sdk/connect';
import type { UpstreamOverrides } from '../catalog/overrides.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import {
  resolveCatalog,
  resolveOffer,
  type CatalogSettings,
  type OfferOptions,
  type ResolvedCatalogSettings,
} from './catalog-options.ts';
import { Check, isStrings } from './check.ts';
import { ISOLATIONS, type Isolation } from '../registry/isolation.ts';

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
  /** How long running calls may go on once the gateway closes. Unit: ms, from 0. @defaultValue 5_000 */
  drainMs?: number;
}

/** An upstream with nothing left open. */
export interface ResolvedUpstream {
  readonly name: string;
  readonly endpoints: readonly EndpointOptions[];
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly livenessMs: number;
  readonly overrides: UpstreamOverrides;
  readonly isolation: Isolation;
  readonly roots: UpstreamSettings['roots'];
}

/** {@link GatewayOptions} with nothing left open. */
export interface ResolvedGatewayOptions {
  readonly info: { readonly name: string; readonly version: string };
  readonly instructions: string | undefined;
  readonly upstreams: readonly ResolvedUpstream[];
  readonly catalog: ResolvedCatalogSettings;
  readonly use: readonly Middleware<RoutedCall>[];
  readonly listTimeoutMs: number;
  readonly drainMs: number;
}

/**
 * Completes the options.
 * @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed
 */
export function resolveOptions(options: GatewayOptions): ResolvedGatewayOptions {
  const check = new Check();
  const entries = isJsonObject(options.upstreams) ? Object.entries(options.upstreams) : [];
  if (entries.length === 0) check.kind('upstreams', options.upstreams, 'an object with at least one upstream');
  const upstreams = entries.map(([name, upstream]) => resolveUpstream(name, upstream, check));
  const resolved = {
    info: { name: options.name ?? 'mcp-gateway', version: options.version ?? '0.1.0' },
    instructions: options.instructions,
    upstreams,
    catalog: resolveCatalog(options, new Map(upstreams.map(({ name, overrides }) => [name, overrides])), check),
    use: options.use ?? [],
    listTimeoutMs: check.ms('listTimeoutMs', options.listTimeoutMs ?? 5_000, 1),
    drainMs: check.ms('drainMs', options.drainMs ?? 5_000, 0),
  };
  if (check.faults.length > 0) throw new McpError('invalid_options', check.faults.join('\n'));
  return resolved;
}

function resolveUpstream(name: string, upstream: UpstreamOptions, check: Check): ResolvedUpstream {
  const path = `upstreams.${name}`;
  const settings: UpstreamSettings = isJsonObject(upstream) ? upstream : {};
  const { timeoutMs = 55_000, connectTimeoutMs = 30_000, livenessMs = 800, isolation = 'shared', roots } = settings;
  if (!ISOLATIONS.includes(isolation))
    check.fault(`${path}.isolation`, isolation, ISOLATIONS.map((one) => `"${one}"`).join(', '));
  if (roots !== undefined && !areRoots(roots))
    check.kind(`${path}.roots`, roots, 'an array of objects with a "uri" that starts with file://');
  return {
    name,
    endpoints: resolveEndpoints(path, upstream, check),
    timeoutMs: check.ms(`${path}.timeoutMs`, timeoutMs, 1),
    connectTimeoutMs: check.ms(`${path}.connectTimeoutMs`, connectTimeoutMs, 1),
    livenessMs: livenessMs === 0 ? 0 : check.ms(`${path}.livenessMs`, livenessMs, 2),
    overrides: resolveOffer(path, isJsonObject(upstream) ? upstream : {}, check),
    isolation,
    roots,
  };
}

const areRoots = (roots: unknown): boolean =>
  Array.isArray(roots) &&
  roots.every((root: unknown) => isJsonObject(root) && typeof root.uri === 'string' && root.uri.startsWith('file://'));

function resolveEndpoints(path: string, upstream: UpstreamOptions, check: Check): readonly EndpointOptions[] {
  const several = isJsonObject(upstream) && 'endpoints' in upstream;
  const endpoints: unknown = several ? upstream.endpoints : [upstream];
  if (!Array.isArray(endpoints) || endpoints.length === 0) {
    check.kind(`${path}.endpoints`, endpoints, 'an array of at least one endpoint');
    return [];
  }
  if (isJsonObject(upstream) && upstream.isolation !== undefined && upstream.isolation !== 'shared')
    if (endpoints.some((endpoint: unknown) => isJsonObject(endpoint) && 'server' in endpoint))
      check.fault(`${path}.isolation`, upstream.isolation, '"shared": a server in this process is there once');
  endpoints.forEach((endpoint: unknown, index) => {
    checkEndpoint(several ? `${path}.endpoints[${index}]` : path, endpoint, check);
  });
  return endpoints as EndpointOptions[];
}

const KINDS = ['server', 'command', 'url'];

function checkEndpoint(path: string, endpoint: unknown, check: Check): void {
  if (!isJsonObject(endpoint)) {
    check.kind(path, endpoint, 'an object with "server", "command" or "url"');
    return;
  }
  const kinds = KINDS.filter((kind) => kind in endpoint);
  if (kinds.length !== 1) check.fault(path, kinds, 'exactly one of "server", "command", "url"');
  else if (kinds[0] === 'server') checkServer(`${path}.server`, endpoint.server, check);
  else if (kinds[0] === 'url') checkRemote(path, endpoint, check);
  else checkChild(path, endpoint, check);
}

function checkServer(path: string, server: unknown, check: Check): void {
  if (!isServer(server)) check.kind(path, server, 'a built server, a handler, or an official server object');
}

function checkChild(path: string, { command, args, env, cwd, clientCapabilities }: JsonObject, check: Check): void {
  if (typeof command !== 'string' || command.trim() === '')
    check.kind(`${path}.command`, command, 'the program to start, as a string');
  if (args !== undefined && !isStrings(args)) check.kind(`${path}.args`, args, 'an array of strings');
  if (env !== undefined && !isRecord(env)) check.kind(`${path}.env`, env, 'an object of strings');
  if (clientCapabilities !== undefined && !isJsonObject(clientCapabilities))
    check.kind(`${path}.clientCapabilities`, clientCapabilities, 'an object');
  if (cwd !== undefined && typeof cwd !== 'string') check.kind(`${path}.cwd`, cwd, 'a path, as a string');
}

function checkRemote(path: string, { url, headers, ...http }: JsonObject, check: Check): void {
  const parsed = checkUrl(`${path}.url`, url, check);
  for (const name of ['dispatcher', 'fetch'])
    if (parsed && isWebSocket(parsed) && http[name] !== undefined)
      check.kind(`${path}.${name}`, http[name], 'nothing: a WebSocket is opened without it');
  if (headers !== undefined && !isRecord(headers)) check.kind(`${path}.headers`, headers, 'an object of strings');
}

const isRecord = (value: unknown): boolean => isJsonObject(value) && isStrings(Object.values(value));

const isServer = (server: unknown): boolean =>
  typeof server === 'function' ||
  isOfficialServer(server) ||
  (typeof server === 'object' && server !== null && 'handler' in server && typeof server.handler === 'function');

/** Whether a server is spoken to over WebSocket. */
export const isWebSocket = ({ protocol }: URL): boolean => protocol === 'ws:' || protocol === 'wss:';

const PROTOCOLS = ['http:', 'https:', 'ws:', 'wss:'];
const URLS = 'an absolute http:, https:, ws: or wss: URL';

function checkUrl(path: string, url: unknown, check: Check): URL | undefined {
  const text = url instanceof URL ? url.href : url;
  const parsed = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (parsed && (parsed.username || parsed.password))
    check.fault(path, 'with a user', 'a URL without user and password; put them in headers.authorization');
  if (parsed && PROTOCOLS.includes(parsed.protocol)) return parsed;
  // A URL may carry a password or a token: only what is wrong with it is said.
  if (parsed) check.fault(path, parsed.protocol, URLS);
  else check.kind(path, text, URLS);
  return undefined;
}
