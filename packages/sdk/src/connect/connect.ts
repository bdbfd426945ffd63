import { createCall } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isModernVersion, META, MODERN_VERSION } from '../core/protocol.ts';
import { RemoteError, type Result } from '../core/reply.ts';
import type { Connection, ConnectOptions, ServerDescription } from './connection.ts';
import { HttpLink } from './http-link.ts';
import { connectLegacy } from './legacy.ts';
import type { Link } from './link.ts';
import { ModernUpstream, pingModern } from './modern.ts';

/** Codes that only a modern server answers with. */
const HEADER_MISMATCH = -32020;
const MISSING_CAPABILITY = -32021;
const UNSUPPORTED_VERSION = -32022;

/** HTTP statuses below 500 that say nothing of the era: who is asking, or how often, is the matter. */
const NO_VERDICT = new Set([401, 403, 429]);

/**
 * Finds out which era the server speaks, once, and makes a handler of it.
 *
 * @remarks A modern request is tried first. Answers that say nothing of the era (401, 403, 5xx, an outage) are errors,
 * never a verdict. The probe is `server/discover`, so nothing that may have run is sent again.
 * @throws McpError `unavailable` if the server cannot be reached, `unsupported_protocol_version` without a common one
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export async function connect(link: Link, options: ConnectOptions): Promise<Connection> {
  if (options.era === 'legacy') return connectLegacy(link, options);
  const verdict = await probe(link, options);
  if (verdict === 'legacy') return connectLegacy(link, options);
  link.settle('modern', MODERN_VERSION);
  return modernConnection(link, describe(verdict), options);
}

async function probe(link: Link, options: ConnectOptions, mayRetry = true): Promise<Result | 'legacy'> {
  const timeout = new AbortController();
  const stop = options.clock.after(options.probeTimeoutMs ?? 5_000, () => {
    timeout.abort(new McpError('timeout', 'no answer to server/discover'));
  });
  const signal = link.silenceMeansLegacy ? AbortSignal.any([options.signal, timeout.signal]) : options.signal;
  try {
    const reply = await link.send(createCall('server/discover', {}, { signal, clientInfo: options.clientInfo }));
    return versionOf(await reply.result(), link.label);
  } catch (thrown) {
    if (mayRetry && speaksModern(thrown)) return await probe(link, options, false);
    if (timeout.signal.aborted && link.silenceMeansLegacy && !options.signal.aborted) return 'legacy';
    return verdictOf(thrown, link.label);
  } finally {
    stop();
  }
}

/** Whether a server refuses the very revision that it says it speaks: one of several replicas, say, while they change. */
function speaksModern(thrown: unknown): boolean {
  if (!(thrown instanceof RemoteError) || thrown.rpc.code !== UNSUPPORTED_VERSION) return false;
  const { data } = thrown.rpc;
  return isJsonObject(data) && Array.isArray(data.supported) && data.supported.some(isModernVersion);
}

function versionOf(result: Result, label: string): Result | 'legacy' {
  const { supportedVersions } = result;
  // A server that answers anything to anything has not said that it is modern.
  if (!Array.isArray(supportedVersions)) return 'legacy';
  if (supportedVersions.some(isModernVersion)) return result;
  throw noCommonVersion(label, supportedVersions);
}

function verdictOf(thrown: unknown, label: string): 'legacy' {
  if (thrown instanceof RemoteError) {
    refuseModern(thrown.rpc, label);
    return 'legacy';
  }
  const error = McpError.from(thrown);
  const status = Number(error.data?.httpStatus);
  if (status >= 400 && status < 500 && !NO_VERDICT.has(status)) return 'legacy';
  throw error;
}

/** @throws McpError if only a modern server answers so, and there is no legacy era to fall back to */
function refuseModern({ code, data, message }: RpcError, label: string): void {
  if (code === HEADER_MISMATCH || code === MISSING_CAPABILITY)
    throw new McpError('unavailable', `${label} refused server/discover: ${message}`);
  if (code !== UNSUPPORTED_VERSION) return;
  const supported = isJsonObject(data) && Array.isArray(data.supported) ? data.supported : [];
  if (!supported.some((version) => typeof version === 'string' && version < MODERN_VERSION))
    throw noCommonVersion(label, supported);
}

const noCommonVersion = (label: string, supported: unknown[]): McpError =>
  new McpError(
    'unsupported_protocol_version',
    `${label} speaks ${supported.map(String).join(', ') || 'no known revision'}; this side speaks ${MODERN_VERSION}.`,
  );

function describe(result: Result): ServerDescription {
  const meta: JsonObject = isJsonObject(result._meta) ? result._meta : {};
  const serverInfo = meta[META.serverInfo];
  return {
    serverInfo: isJsonObject(serverInfo) ? serverInfo : undefined,
    capabilities: isJsonObject(result.capabilities) ? result.capabilities : {},
    instructions: typeof result.instructions === 'string' ? result.instructions : undefined,
  };
}

function modernConnection(link: Link, server: ServerDescription, options: ConnectOptions): Connection {
  const { clientInfo, clock } = options;
  // What is at the other end of a pipe stays what it is.
  if (link instanceof HttpLink)
    return new ModernUpstream(link, { server, clientInfo, clock, reconsider: () => reconsider(link, options) });
  return {
    handler: link.send,
    era: 'modern',
    version: MODERN_VERSION,
    server,
    closed: link.closed,
    close: () => link.close(),
    ping: (signal) => pingModern(link, { signal, clientInfo }),
  };
}

/** Limit for asking for the era again. Unit: ms. */
const RECONSIDER_TIMEOUT_MS = 30_000;

async function reconsider(link: Link, options: ConnectOptions): Promise<Connection | undefined> {
  const now = { ...options, signal: AbortSignal.timeout(RECONSIDER_TIMEOUT_MS) };
  return (await probe(link, now)) === 'legacy' ? connectLegacy(link, now) : undefined;
}
