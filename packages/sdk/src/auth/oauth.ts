import type * as official from '@modelcontextprotocol/client';
import { McpError } from '../core/errors.ts';
import type { Auth, AuthRequest, AuthResponse } from './auth.ts';
import type { OAuthProvider } from './oauth-provider.ts';

/** How a user's sign-in is waited for. */
export interface OAuthOptions {
  /**
   * Waits until the user is back from the page that the provider's `redirectToAuthorization` has shown, and gives the
   * query of the redirect (`code`, `iss`, …). Check its `state` first if the provider makes one.
   * @defaultValue the call fails, and {@link OAuth.finish} is called when the user is back
   */
  callback?: () => Promise<URLSearchParams>;
}

/** Credentials from an OAuth provider. */
export interface OAuth extends Auth {
  /**
   * Ends a sign-in that was not waited for; calls made from now on carry the token.
   * @param query - of the redirect that brought the user back
   * @param server - the URL of the MCP server, if another process than this one started the sign-in
   * @throws McpError `unavailable` if there is no code in it, or the authorization server refuses it
   */
  finish(query: URLSearchParams, server?: URL): Promise<void>;
}

/**
 * Gets tokens with an OAuth provider of the official SDK: authorization code with PKCE, client credentials, private key
 * JWT, tokens bound to a key (DPoP), whatever the provider does.
 *
 * @remarks The optional package `@modelcontextprotocol/client` finds the authorization server, registers, signs in and
 * refreshes. All calls that are refused while tokens are on their way wait for the same ones. A token that is refused
 * when it is new is not replaced again.
 * @throws McpError `invalid_options` at the first call without that package, `unavailable` if a sign-in fails; messages
 * name the server and the OAuth error code, never a token
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export function fromOAuthProvider(provider: OAuthProvider, options: OAuthOptions = {}): OAuth {
  return new ProviderAuth(provider, options);
}

type Official = typeof official;

/** What a server's refusal says of how to get in. */
interface Challenge {
  readonly server: URL;
  readonly resourceMetadataUrl: URL | undefined;
  readonly scope: string | undefined;
  /** The scope is more than the tokens at hand have: no refresh can widen it. */
  readonly forceReauthorization: boolean;
}

class ProviderAuth implements OAuth {
  readonly #provider: OAuthProvider;
  readonly #options: OAuthOptions;
  #signingIn: Promise<void> | undefined;
  #challenge: Challenge | undefined;
  /** The token that no request has got through with yet, and the status that it was fetched for. */
  #untried: { readonly authorization: string | undefined; readonly status: number } | undefined;

  constructor(provider: OAuthProvider, options: OAuthOptions) {
    this.#provider = provider;
    this.#options = options;
  }

  async headers(request: AuthRequest): Promise<Readonly<Record<string, string>>> {
    // A failure is told to the requests that found it out.
    await this.#signingIn?.catch(() => undefined);
    const tokens = await this.#provider.tokens();
    if (!tokens) return {};
    const signer = isBound(tokens) ? await this.#provider.dpop?.() : undefined;
    if (!signer) return { authorization: authorizationOf(tokens) };
    const proof = { htm: request.method, htu: request.url, accessToken: tokens.access_token };
    return { authorization: authorizationOf(tokens), dpop: await signer.buildProof(proof) };
  }

  /** A token that was refreshed counts as another context: who it is for is not in it. */
  async context(): Promise<string> {
    return (await this.#provider.tokens())?.access_token ?? '';
  }

  async onResponse(response: AuthResponse): Promise<void> {
    const { status, sent } = response;
    if (status !== 401 && status !== 403 && sent.authorization === this.#untried?.authorization)
      this.#untried = undefined;
    const nonce = response.header('dpop-nonce');
    if (nonce === undefined) return;
    const signer = await this.#provider.dpop?.();
    signer?.observeNonce(new Response(null, { headers: { 'dpop-nonce': nonce } }), response.request.url);
  }

  async onUnauthorized(response: AuthResponse): Promise<boolean> {
    const library = await loadOfficial();
    const refusal = new Response(null, {
      status: response.status,
      headers: { 'www-authenticate': response.header('www-authenticate') ?? '' },
    });
    if (library.isDpopNonceChallenge(refusal)) return true;
    // A request that went out before the others got their tokens.
    if ((await this.#authorization()) !== response.sent.authorization) return true;
    if (this.#isUseless(response)) return false;
    this.#signingIn ??= this.#signIn(library, refusal, response).finally(() => (this.#signingIn = undefined));
    await this.#signingIn;
    return true;
  }

  async finish(query: URLSearchParams, server?: URL): Promise<void> {
    const known = this.#challenge;
    const target = server ?? known?.server;
    if (!target) throw new McpError('invalid_options', 'finish() needs the URL of the server: no sign-in began here.');
    const authorizationCode = query.get('code');
    if (authorizationCode === null)
      throw unavailable(target, 'the user came back without a code: declined, or refused by the authorization server');
    const iss = query.get('iss');
    await this.#run(await loadOfficial(), target, {
      authorizationCode,
      ...(iss === null ? {} : { iss }),
      ...detailsOf(known),
    });
  }

  /** Whether this very token was fetched for this very reason: another would be refused, too. */
  #isUseless({ status, sent }: AuthResponse): boolean {
    return this.#untried?.status === status && this.#untried.authorization === sent.authorization;
  }

  async #authorization(): Promise<string | undefined> {
    const tokens = await this.#provider.tokens();
    return tokens && authorizationOf(tokens);
  }

  async #signIn(library: Official, refusal: Response, { status, request }: AuthResponse): Promise<void> {
    const asked = library.extractWWWAuthenticateParams(refusal);
    const tokens = await this.#provider.tokens();
    const granted = tokens?.scope;
    // Without it a server that has moved to another authorization server is never reached again (SEP-2352).
    if (status === 401 && tokens) await this.#provider.invalidateCredentials?.('discovery');
    const scope = status === 403 ? union(granted, asked.scope) : asked.scope;
    this.#challenge = {
      server: request.url,
      resourceMetadataUrl: asked.resourceMetadataUrl,
      scope,
      forceReauthorization: status === 403 && scope !== undefined && scope !== granted,
    };
    const outcome = await this.#run(library, request.url, detailsOf(this.#challenge));
    if (outcome === 'REDIRECT') await this.#waitForUser(request.url);
    this.#untried = { authorization: await this.#authorization(), status };
  }

  async #waitForUser(server: URL): Promise<void> {
    if (!this.#options.callback)
      throw unavailable(server, 'the user must sign in; call finish() with the query of the redirect, then try again');
    await this.finish(await this.#options.callback());
  }

  async #run(library: Official, server: URL, details: object): Promise<'AUTHORIZED' | 'REDIRECT'> {
    try {
      // `OAuthProvider` is the part of the interface that every provider has.
      return await library.auth(this.#provider as unknown as official.OAuthClientProvider, {
        serverUrl: server,
        ...details,
      });
    } catch (cause) {
      throw unavailable(server, `the sign-in failed${nameOf(cause)}`, cause);
    }
  }
}

async function loadOfficial(): Promise<Official> {
  try {
    return await import('@modelcontextprotocol/client');
  } catch (cause) {
    const message = 'fromOAuthProvider() needs an optional package: npm install @modelcontextprotocol/client';
    throw new McpError('invalid_options', message, { cause });
  }
}

const isBound = (tokens: { token_type: string }): boolean => tokens.token_type.toLowerCase() === 'dpop';

const authorizationOf = (tokens: { access_token: string; token_type: string }): string =>
  `${isBound(tokens) ? 'DPoP' : 'Bearer'} ${tokens.access_token}`;

/** Options of `auth()`, without members that are undefined. */
function detailsOf(challenge: Challenge | undefined): object {
  if (!challenge) return {};
  const { resourceMetadataUrl, scope, forceReauthorization } = challenge;
  return {
    ...(resourceMetadataUrl ? { resourceMetadataUrl } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(forceReauthorization ? { forceReauthorization } : {}),
  };
}

function union(...scopes: (string | undefined)[]): string | undefined {
  const names = new Set(scopes.flatMap((scope) => scope?.split(' ').filter(Boolean) ?? []));
  return names.size === 0 ? undefined : [...names].join(' ');
}

/** The OAuth error code or the name of the error; its text may hold what the authorization server sent. */
function nameOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? `: ${code}` : `: ${thrown.name}`;
}

const unavailable = (server: URL, fault: string, cause?: unknown): McpError =>
  new McpError('unavailable', `${server.origin} wants other credentials: ${fault}.`, {
    data: { httpStatus: 401 },
    cause,
  });
