import { isJsonObject, McpError, type JsonObject, type Middleware } from '@org/mcp-sdk';
import { isOfficialServer } from '@org/mcp-sdk/connect';
import type { Profiler } from '../admin/profiler.ts';
import type { UpstreamOverrides } from '../catalog/overrides.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import { ISOLATIONS, type Isolation } from '../registry/isolation.ts';
import { resolveCatalog, resolveOffer, type ResolvedCatalogSettings } from './catalog-options.ts';
import { Check, checkOptions, isStrings } from './check.ts';
import { checkGateway, checkListed, checkSettings } from './known-options.ts';
import type { EndpointOptions, GatewayOptions, UpstreamOptions, UpstreamSettings } from './options.ts';

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
  readonly profiler: Profiler | undefined;
  readonly listTimeoutMs: number;
  readonly drainMs: number;
}

/**
 * Completes the options.
 * @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed
 */
export function resolveOptions(options: GatewayOptions): ResolvedGatewayOptions {
  checkOptions('options', options);
  const check = new Check();
  checkGateway(options, check);
  const entries = isJsonObject(options.upstreams) ? Object.entries(options.upstreams) : [];
  if (entries.length === 0) check.kind('upstreams', options.upstreams, 'an object with at least one upstream');
  const upstreams = entries.map(([name, upstream]) => resolveUpstream(name, upstream, check));
  const resolved = {
    info: { name: options.name ?? 'mcp-gateway', version: options.version ?? '0.1.0' },
    instructions: options.instructions,
    upstreams,
    catalog: resolveCatalog(options, new Map(upstreams.map(({ name, overrides }) => [name, overrides])), check),
    use: options.use ?? [],
    profiler: options.profiler,
    listTimeoutMs: check.ms('listTimeoutMs', options.listTimeoutMs ?? 5_000, 1),
    drainMs: check.ms('drainMs', options.drainMs ?? 5_000, 0),
  };
  if (check.faults.length > 0) throw new McpError('invalid_options', check.faults.join('\n'));
  return resolved;
}

function resolveUpstream(name: string, upstream: UpstreamOptions, check: Check): ResolvedUpstream {
  const path = `upstreams.${name}`;
  if (isJsonObject(upstream)) checkSettings(path, upstream, check);
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
    if (several && isJsonObject(endpoint)) checkListed(`${path}.endpoints[${index}]`, endpoint, check);
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
  // Where there is none, a key may be misspelt.
  const [first, another] = kinds;
  if (first === undefined || another)
    check.fault(path, first ? kinds : Object.keys(endpoint), 'exactly one of "server", "command", "url"');
  else if (first === 'server') checkServer(`${path}.server`, endpoint.server, check);
  else if (first === 'url') checkRemote(path, endpoint, check);
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
  else
    for (const [name, value] of Object.entries(headers ?? {}))
      if (!isHeader(name, String(value)))
        check.fault(
          `${path}.headers`,
          name,
          'names and values that HTTP takes: no spaces in a name, no line breaks in a value',
        );
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
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
