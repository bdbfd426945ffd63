import type { Call, Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';

/** What a handler behind {@link requireAuth} knows of its call. */
export interface Authenticated {
  /** Who is acting: never null here. */
  readonly principal: Principal;
}

/** Whom {@link requireAuth} lets pass. */
export interface RequireAuthOptions {
  /** Scopes that the principal must have, all of them. @defaultValue none: any principal will do */
  scopes?: readonly string[];
  /**
   * Where the protected resource metadata (RFC 9728) is served, an absolute URL: tells clients where to get a token.
   * @defaultValue not told; clients look at the well-known places
   */
  resourceMetadata?: string;
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Refuses calls without a principal, which the edge's `authenticate` establishes, or without enough scopes.
 *
 * @remarks Over HTTP the refusal is a 401, or a 403 for scopes, with the `WWW-Authenticate` that starts a client's
 * sign-in. Every method is refused, discovery and the legacy handshake included. In the handlers that follow,
 * `principal` is never null.
 * @throws McpError `invalid_options` at once for a scope or a URL that no header can hold; for a call `unauthenticated`
 * or `forbidden`
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export function requireAuth<C extends Call = Call>(
  options: RequireAuthOptions = {},
): TypedMiddleware<C, C & Authenticated> {
  const { scopes = [], resourceMetadata } = options;
  checkOptions(scopes, resourceMetadata);
  const challenge = (error?: string): string =>
    challengeOf({ error, scope: scopes.join(' '), resource_metadata: resourceMetadata });
  const unauthenticated = challenge();
  const forbidden = challenge('insufficient_scope');
  return (next) => async (call) => {
    const { principal } = call;
    if (!principal)
      throw new McpError('unauthenticated', 'Authentication is required: send an access token.', {
        challenge: unauthenticated,
      });
    const missing = scopes.filter((scope) => !principal.scopes.has(scope));
    if (missing.length > 0)
      throw new McpError('forbidden', `The access token lacks the scope ${missing.join(' ')}.`, {
        challenge: forbidden,
      });
    // The principal was looked at above; a copy would cost every call.
    return next(call as typeof call & Authenticated);
  };
}

function checkOptions(scopes: readonly string[], resourceMetadata: string | undefined): void {
  const wrong = scopes.find((scope) => !SCOPE.test(scope));
  if (wrong !== undefined)
    throw new McpError('invalid_options', `scopes holds ${JSON.stringify(wrong)}; allowed: one scope token each.`);
  if (resourceMetadata !== undefined && !/^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(resourceMetadata))
    throw new McpError(
      'invalid_options',
      `resourceMetadata is ${JSON.stringify(resourceMetadata)}; allowed: an absolute http(s) URL.`,
    );
}

function challengeOf(params: Record<string, string | undefined>): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '');
  return ['Bearer', given.map(([name, value]) => `${name}="${value}"`).join(', ')].join(' ').trim();
}
