import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { META, MODERN_VERSION } from '../core/protocol.ts';
import type { Result } from '../core/reply.ts';
import type { Connection, ConnectOptions, ServerDescription } from './connection.ts';
import { HttpLink, linkOverHttp } from './http-link.ts';
import { connectLegacy } from './legacy.ts';
import type { Link } from './link.ts';
import { ModernUpstream, pingModern } from './modern.ts';
import { ask, doubtsLegacy, probe, refusesRequest, Silence } from './probe.ts';
import { linkOverSse } from './sse.ts';

/**
 * Finds out which era the server speaks, once, and makes a handler of it.
 *
 * @remarks A modern request is tried first. Answers that say nothing of the era (401, 403, 5xx, an outage) are errors,
 * never a verdict. The probe is `server/discover`, so nothing that may have run is sent again.
 * @throws McpError `unavailable` if the server cannot be reached, `unsupported_protocol_version` without a common one
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export async function connect(link: Link, options: ConnectOptions): Promise<Connection> {
  const { era, verdict } = options;
  const findOut = era === 'legacy' ? connectFormer : connectByProbe;
  const isSse = verdict?.isSse === true && link instanceof HttpLink;
  if (verdict?.era !== 'legacy' || (era === 'legacy' && !isSse)) return findOut(link, options);
  try {
    return await (isSse ? connectSse(link, options) : openLegacy(link, options));
  } catch (thrown) {
    if (!doubtsLegacy(thrown)) throw thrown;
    return findOut(link, options);
  }
}

async function connectByProbe(link: Link, options: ConnectOptions): Promise<Connection> {
  const found = await probe(link, options);
  if (found instanceof Silence) return connectSilent(link, found, options);
  return found === 'legacy' ? connectFormer(link, options) : modernConnection(link, found, options);
}

/** HTTP statuses that a server which takes no posts at its URL refuses `initialize` with. */
const WITHOUT_POSTS: readonly unknown[] = [400, 404, 405];

/**
 * Opens a legacy session; over HTTP+SSE, the transport of 2024-11-05, where a server has only that.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#http-sse-transport-2024-11-05
 */
async function connectFormer(link: Link, options: ConnectOptions): Promise<Connection> {
  const { verdict } = options;
  try {
    const connection = await openLegacy(link, options);
    verdict?.found('legacy');
    return connection;
  } catch (refusal) {
    if (!(link instanceof HttpLink && refusal instanceof McpError)) throw refusal;
    if (!WITHOUT_POSTS.includes(refusal.data?.httpStatus)) throw refusal;
    const connection = await connectSse(link, options).catch((thrown: unknown) => {
      // A server that has no stream either is none of these.
      throw thrown instanceof McpError && refusesRequest(thrown) ? refusal : thrown;
    });
    verdict?.found('legacy', { isSse: true });
    return connection;
  }
}

async function connectSse(link: HttpLink, options: ConnectOptions): Promise<Connection> {
  const over = await linkOverSse(link, options);
  try {
    return await connectLegacy(over, options);
  } catch (thrown) {
    await over.close();
    throw thrown;
  }
}

/** Only its answer to `initialize` says that a silent server is a legacy one, and not just slow to start. */
async function connectSilent(link: Link, silence: Silence, options: ConnectOptions): Promise<Connection> {
  try {
    const connection = await connectLegacy(link, options);
    options.verdict?.found(silence.late ? 'modern' : 'legacy');
    return connection;
  } catch (thrown) {
    if (silence.late) return modernConnection(link, silence.late, options);
    throw thrown;
  } finally {
    silence.end();
  }
}

function describe(result: Result): ServerDescription {
  const meta: JsonObject = isJsonObject(result._meta) ? result._meta : {};
  const serverInfo = meta[META.serverInfo];
  return {
    serverInfo: isJsonObject(serverInfo) ? serverInfo : undefined,
    capabilities: isJsonObject(result.capabilities) ? result.capabilities : {},
    instructions: typeof result.instructions === 'string' ? result.instructions : undefined,
  };
}

function modernConnection(link: Link, discovered: Result, options: ConnectOptions): Connection {
  const { clientInfo, clock, verdict } = options;
  const server = describe(discovered);
  link.settle('modern', MODERN_VERSION);
  verdict?.found('modern');
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

/** A session over HTTP, which its server may forget; whoever wants the legacy era asks for no other. */
function openLegacy(link: Link, options: ConnectOptions): Promise<Connection> {
  if (!(link instanceof HttpLink) || options.era === 'legacy') return connectLegacy(link, options);
  return connectLegacy(link, { ...options, reconsider: () => findModern(link, options) });
}

/** Asks whether a server that was a legacy one is modern by now, past the session. What says nothing of that is no verdict. */
async function findModern({ source }: HttpLink, options: ConnectOptions): Promise<Connection | undefined> {
  const link = linkOverHttp(source.client, source.url, source.headers);
  const now = { ...options, signal: AbortSignal.timeout(RECONSIDER_TIMEOUT_MS) };
  const found = await ask(link, now).catch(() => 'legacy' as const);
  return found === 'legacy' ? undefined : modernConnection(link, found, options);
}

/** Limit for asking for the era again. Unit: ms. */
const RECONSIDER_TIMEOUT_MS = 30_000;

async function reconsider(link: Link, options: ConnectOptions): Promise<Connection | undefined> {
  const now = { ...options, signal: AbortSignal.timeout(RECONSIDER_TIMEOUT_MS) };
  if ((await probe(link, now)) !== 'legacy') return undefined;
  const connection = await openLegacy(link, now);
  options.verdict?.found('legacy');
  return connection;
}
