/** Tokens as an official provider keeps them. */
interface StoredTokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string | undefined;
}

/** Signs proofs that the sender holds a key (RFC 9449): `DpopSession` of the official package. */
interface ProofSigner {
  buildProof(request: { htm: string; htu: URL; accessToken: string }): Promise<string>;
  observeNonce(response: Response, url: URL): void;
}

type Maybe<T> = T | undefined | Promise<T | undefined>;

/**
 * An OAuth provider of `@modelcontextprotocol/client`: `ClientCredentialsProvider`, `PrivateKeyJwtProvider`,
 * `CrossAppAccessProvider`, or a class of yours that implements `OAuthClientProvider`.
 *
 * @remarks Known by its shape: two copies of the official package have types that do not fit each other.
 */
export interface OAuthProvider {
  /** Where the user comes back to; undefined if nobody signs in (client credentials). */
  readonly redirectUrl: string | URL | undefined;
  readonly clientMetadata: object;
  /** The registration of this client; undefined if it has none yet. */
  clientInformation(...context: never[]): object | undefined | Promise<object | undefined>;
  /** What was saved last; undefined if there is none. */
  tokens(): Maybe<StoredTokens>;
  /** Keeps new tokens. */
  saveTokens(tokens: never, ...context: never[]): void | Promise<void>;
  /** Shows the user where to sign in. */
  redirectToAuthorization(url: URL): void | Promise<void>;
  /** Keeps the PKCE verifier while the user is away. */
  saveCodeVerifier(verifier: string): void | Promise<void>;
  /** The PKCE verifier that was kept. */
  codeVerifier(): string | Promise<string>;
  /** Forgets what it keeps. Told `discovery` when a server refuses a token: it may have another authorization server. */
  invalidateCredentials?(scope: 'discovery'): void | Promise<void>;
  /** Present if tokens are to be bound to a key. */
  dpop?(): Maybe<ProofSigner>;
}
