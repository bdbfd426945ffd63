import { McpError, type EdgeOptions, type Handler, type MCPServer, type Middleware } from '@org/mcp-sdk';
import { isOfficialServer, type DispatcherLike, type FetchLike, type OfficialServer } from '@org/mcp-sdk/connect';
import type { Naming } from '../catalog/names.ts';
import type { RoutedCall } from '../core/routed-call.ts';

/** A server in this process. */
export interface InProcessEndpoint {
  /** A built server, any handler, or an official server object (`McpServer` v1 or v2). */
  server: MCPServer | Handler | OfficialServer;
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
}

/** A server over Streamable HTTP. */
export interface HttpEndpoint {
  url: string | URL;
  /** Sent with every request, e.g. `authorization`. @defaultValue `{}` */
  headers?: Readonly<Record<string, string>>;
  /** An undici dispatcher to send with. Node only. @defaultValue an own pool */
  dispatcher?: DispatcherLike;
  /** A `fetch` to send with, in place of undici. */
  fetch?: FetchLike;
}

/** One reachable instance of a server. */
export type EndpointOptions = InProcessEndpoint | ChildEndpoint | HttpEndpoint;

/** What all kinds of upstreams have. */
export interface UpstreamSettings {
  /** Limit for one call, to the end of its reply. Unit: ms, from 1. @defaultValue 55_000: the caller's own limit is 60 s in most clients, so that it learns which upstream was slow */
  timeoutMs?: number;
  /** Limit for reaching the server, the start of its process included. Unit: ms, from 1. @defaultValue 30_000: `npx` may have to install it */
  connectTimeoutMs?: number;
  /**
   * How long a server with running calls may be silent and not answer a ping; then its calls fail and it is left out
   * until it answers. Unit: ms, from 2; 0 to wait for `timeoutMs` only.
   * @defaultValue 800: a frozen server is noticed within a second. Raise it for servers whose tools block their event loop
   */
  livenessMs?: number;
}

/** A named logical server: one endpoint, or several that take calls in turn. */
export type UpstreamOptions = UpstreamSettings & (EndpointOptions | { endpoints: readonly EndpointOptions[] });

/** Options of {@link Gateway}. */
export interface GatewayOptions extends EdgeOptions {
  /** The servers by name; at least one. */
  upstreams: Readonly<Record<string, UpstreamOptions>>;
  /** Name that callers see. @defaultValue `mcp-gateway` */
  name?: string;
  /** Version that callers see. @defaultValue `0.1.0` */
  version?: string;
  /** Tells models how to use what is behind the gateway; put before the instructions of the upstreams. */
  instructions?: string;
  /** When public names carry the name of their upstream. @defaultValue `always`: names do not depend on who else is there */
  naming?: Naming;
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
}

/** {@link GatewayOptions} with nothing left open. */
export interface ResolvedGatewayOptions {
  readonly info: { readonly name: string; readonly version: string };
  readonly instructions: string | undefined;
  readonly upstreams: readonly ResolvedUpstream[];
  readonly naming: Naming;
  readonly use: readonly Middleware<RoutedCall>[];
  readonly listTimeoutMs: number;
  readonly drainMs: number;
}

const NAMINGS: readonly Naming[] = ['always', 'conflict', 'never'];

/**
 * Completes the options.
 * @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed
 */
export function resolveOptions(options: GatewayOptions): ResolvedGatewayOptions {
  const faults: string[] = [];
  const check = new Check(faults);
  const naming = options.naming ?? 'always';
  if (!NAMINGS.includes(naming)) check.fault('naming', naming, NAMINGS.map((name) => `"${name}"`).join(', '));
  const entries = Object.entries(options.upstreams);
  if (entries.length === 0) check.fault('upstreams', {}, 'at least one upstream');
  const resolved = {
    info: { name: options.name ?? 'mcp-gateway', version: options.version ?? '0.1.0' },
    instructions: options.instructions,
    upstreams: entries.map(([name, upstream]) => resolveUpstream(name, upstream, check)),
    naming,
    use: options.use ?? [],
    listTimeoutMs: check.ms('listTimeoutMs', options.listTimeoutMs ?? 5_000, 1),
    drainMs: check.ms('drainMs', options.drainMs ?? 5_000, 0),
  };
  if (faults.length > 0) throw new McpError('invalid_options', faults.join('\n'));
  return resolved;
}

function resolveUpstream(name: string, upstream: UpstreamOptions, check: Check): ResolvedUpstream {
  const path = `upstreams.${name}`;
  if (name.trim() === '') check.fault('upstreams', name, 'a name that is not empty');
  const endpoints = 'endpoints' in upstream ? upstream.endpoints : [upstream];
  if (endpoints.length === 0) check.fault(`${path}.endpoints`, [], 'at least one endpoint');
  endpoints.forEach((endpoint, index) => {
    checkEndpoint('endpoints' in upstream ? `${path}.endpoints[${index}]` : path, endpoint, check);
  });
  return {
    name,
    endpoints,
    timeoutMs: check.ms(`${path}.timeoutMs`, upstream.timeoutMs ?? 55_000, 1),
    connectTimeoutMs: check.ms(`${path}.connectTimeoutMs`, upstream.connectTimeoutMs ?? 30_000, 1),
    livenessMs: check.ms(`${path}.livenessMs`, upstream.livenessMs ?? 800, 0),
  };
}

function checkEndpoint(path: string, endpoint: EndpointOptions, check: Check): void {
  const kinds = ['server', 'command', 'url'].filter((kind) => kind in endpoint);
  if (kinds.length !== 1) check.fault(path, kinds, 'exactly one of "server", "command", "url"');
  else if ('url' in endpoint) checkUrl(`${path}.url`, endpoint.url, check);
  else if ('server' in endpoint && !isServer(endpoint.server))
    check.fault(`${path}.server`, typeof endpoint.server, 'a built server, a handler, or an official server object');
  else if ('command' in endpoint && (typeof endpoint.command !== 'string' || endpoint.command.trim() === ''))
    check.fault(`${path}.command`, endpoint.command, 'the program to start, as a string');
}

const isServer = (server: unknown): boolean =>
  typeof server === 'function' ||
  isOfficialServer(server) ||
  (typeof server === 'object' && server !== null && 'handler' in server && typeof server.handler === 'function');

function checkUrl(path: string, url: unknown, check: Check): void {
  const text = url instanceof URL ? url.href : url;
  const parsed = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return;
  // A URL may carry a password or a token: only what is wrong with it is said.
  check.fault(path, parsed ? parsed.protocol : typeof text, 'an absolute http: or https: URL');
}

/** Collects what is wrong. */
class Check {
  readonly #faults: string[];
  constructor(faults: string[]) {
    this.#faults = faults;
  }

  fault(path: string, value: unknown, allowed: string): void {
    this.#faults.push(`${path} is ${JSON.stringify(value)}; allowed: ${allowed}.`);
  }

  ms(path: string, value: number, min: number): number {
    if (!Number.isSafeInteger(value) || value < min) this.fault(path, value, `an integer from ${min}, in milliseconds`);
    return value;
  }
}
