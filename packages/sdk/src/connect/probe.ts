import { createCall } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { isModernVersion, MODERN_VERSION } from '../core/protocol.ts';
import { RemoteError, type Result } from '../core/reply.ts';
import type { ConnectOptions } from './connection.ts';
import type { Link } from './link.ts';

/** Codes that only a modern server answers with. */
const HEADER_MISMATCH = -32020;
const MISSING_CAPABILITY = -32021;
const UNSUPPORTED_VERSION = -32022;

/** HTTP statuses below 500 that say nothing of the era: who is asking, or how often, is the matter. */
const NO_VERDICT = new Set([401, 403, 429]);

/** What a server made of the probe: a modern one describes itself. */
export type Finding = Result | 'legacy' | Silence;

/**
 * Asks a server for its era, by `server/discover`: nothing that may have run is sent again.
 *
 * @throws McpError `unavailable` if the server cannot be reached, or gives an answer that says nothing of the era;
 * `unsupported_protocol_version` without a common one
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export async function probe(link: Link, options: ConnectOptions): Promise<Finding> {
  if (!link.silenceMeansLegacy) return ask(link, options);
  const unheard = new AbortController();
  const answer = ask(link, { ...options, signal: AbortSignal.any([options.signal, unheard.signal]) });
  let stop = (): void => undefined;
  const silence = new Promise<Silence>((resolve) => {
    stop = options.clock.after(options.probeTimeoutMs ?? 5_000, () => {
      resolve(new Silence(answer, unheard));
    });
  });
  return Promise.race([answer, silence]).finally(stop);
}

/** A server on a pipe that has not answered in time: a legacy one, or one that is slow to start. */
export class Silence {
  /** What it answered after all. A pipe keeps the order: it is known before what is asked later is answered. */
  late: Result | undefined;
  readonly #unheard: AbortController;

  constructor(answer: Promise<Result | 'legacy'>, unheard: AbortController) {
    this.#unheard = unheard;
    answer.then(
      (result) => {
        if (result !== 'legacy') this.late = result;
      },
      () => undefined,
    );
  }

  /** Stops listening. */
  end(): void {
    this.#unheard.abort(new McpError('timeout', 'no answer to server/discover'));
  }
}

/** Asks as {@link probe} does, and waits for an answer. @throws McpError like that */
export async function ask(link: Link, options: ConnectOptions, mayRetry = true): Promise<Result | 'legacy'> {
  const { signal, clientInfo } = options;
  try {
    const reply = await link.send(createCall('server/discover', {}, { signal, clientInfo }));
    return versionOf(await reply.result(), link.label);
  } catch (thrown) {
    if (mayRetry && speaksModern(thrown)) return await ask(link, options, false);
    return verdictOf(thrown, link.label);
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
  if (refusesRequest(error)) return 'legacy';
  throw error;
}

/** Whether an HTTP status says that the server takes no such request; others say nothing of its era. */
export function refusesRequest({ data }: McpError): boolean {
  const status = Number(data?.httpStatus);
  return status >= 400 && status < 500 && !NO_VERDICT.has(status);
}

/** Whether `initialize` failed for a reason that lets doubt whether the server is a legacy one. */
export const doubtsLegacy = (thrown: unknown): boolean =>
  thrown instanceof McpError &&
  (thrown.cause instanceof RemoteError || thrown.code === 'unsupported_protocol_version' || refusesRequest(thrown));

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
