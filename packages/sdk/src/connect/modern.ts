import { createCall, type Call, type ClientIdentity } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { MODERN_VERSION, type Era } from '../core/protocol.ts';
import type { Reply } from '../core/reply.ts';
import type { Connection, ServerDescription } from './connection.ts';
import { readToEnd, type Link } from './link.ts';
import { untilAborted } from './until-aborted.ts';

/** How long a server that was asked again, and is modern, is not asked once more. Unit: ms. */
const SURE_MS = 10_000;

/** What a {@link ModernUpstream} works with. */
export interface ModernOptions {
  readonly server: ServerDescription;
  readonly clientInfo: ClientIdentity;
  readonly clock: Clock;
  /** Asks for the era again, and connects if it is the legacy one; undefined if it is not. */
  readonly reconsider: () => Promise<Connection | undefined>;
}

/**
 * A modern server over HTTP, until it turns out that a legacy one has taken its place.
 *
 * @remarks What failed for that is sent again only if the server said that it knows no such method, revision or path:
 * anything else may have run.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
 */
export class ModernUpstream implements Connection {
  readonly closed: Promise<unknown>;
  readonly #link: Link;
  readonly #options: ModernOptions;
  /** Until then the server counts as modern, whatever it answers: some methods it may not know. */
  #sureUntil = 0;
  #legacy: Connection | undefined;
  #reconsidering: Promise<Connection | undefined> | undefined;

  constructor(link: Link, options: ModernOptions) {
    this.#link = link;
    this.#options = options;
    this.closed = link.closed;
  }

  get era(): Era {
    return this.#legacy?.era ?? 'modern';
  }

  get version(): string {
    return this.#legacy?.version ?? MODERN_VERSION;
  }

  get server(): ServerDescription {
    return this.#legacy?.server ?? this.#options.server;
  }

  readonly handler = (call: Call): Promise<Reply> => {
    if (this.#legacy) return this.#legacy.handler(call);
    const sent = this.#link.send(call);
    return sent.then(
      (reply) => {
        const doubt = doubtInReply(reply);
        return doubt === undefined ? reply : this.#doubted(doubt, sent, call);
      },
      (thrown: unknown) => {
        const doubt = doubtInError(thrown);
        return doubt === undefined ? sent : this.#doubted(doubt, sent, call);
      },
    );
  };

  async #doubted(doubt: number, sent: Promise<Reply>, call: Call): Promise<Reply> {
    if (this.#options.clock.now() < this.#sureUntil) return sent;
    const legacy = await untilAborted(this.#reconsider(), call.signal);
    return legacy && NOT_RUN.includes(doubt) ? legacy.handler(call) : sent;
  }

  async ping(signal: AbortSignal): Promise<void> {
    if (this.#legacy) return this.#legacy.ping(signal);
    await pingModern(this.#link, { signal, clientInfo: this.#options.clientInfo });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Once for all calls that are in doubt. If the server cannot be asked, everything stays as it is. */
  #reconsider(): Promise<Connection | undefined> {
    const { reconsider, clock } = this.#options;
    this.#reconsidering ??= reconsider()
      .then((legacy) => {
        if (!legacy) this.#sureUntil = clock.now() + SURE_MS;
        return (this.#legacy = legacy);
      })
      .catch(() => undefined)
      .finally(() => (this.#reconsidering = undefined));
    return this.#reconsidering;
  }
}

/** Asks a modern server for a sign of life. @throws McpError if there is none before `signal` aborts */
export async function pingModern(link: Link, from: { signal: AbortSignal; clientInfo: ClientIdentity }): Promise<void> {
  await readToEnd(await link.send(createCall('server/discover', {}, from)));
}

const METHOD_NOT_FOUND = -32601;
const UNSUPPORTED_VERSION = -32022;

/** JSON-RPC codes that legacy servers answer a modern request with; -32000 is what official ones say without a session. */
const DOUBTFUL_CODES: readonly number[] = [METHOD_NOT_FOUND, UNSUPPORTED_VERSION, -32600, -32000];

/** HTTP statuses of servers that take no such message. */
const DOUBTFUL_STATUSES: readonly number[] = [400, 404, 405];

/** Of both, those that say for sure that nothing has run. */
const NOT_RUN: readonly number[] = [METHOD_NOT_FOUND, UNSUPPORTED_VERSION, 404, 405];

/** The code or status of an outcome that lets doubt whether the server is modern. */
const doubtInReply = ({ single }: Reply): number | undefined =>
  single?.kind === 'error' ? DOUBTFUL_CODES.find((code) => code === single.error.value.code) : undefined;

const doubtInError = (thrown: unknown): number | undefined =>
  thrown instanceof McpError ? DOUBTFUL_STATUSES.find((status) => status === thrown.data?.httpStatus) : undefined;
