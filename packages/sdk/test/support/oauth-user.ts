import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';

/** A user's browser and the storage of an app, in memory. */
export class InMemoryUser implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1/back';
  readonly clientMetadata: OAuthClientMetadata;
  /** The page that the user was sent to. */
  shown: URL | undefined;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor(metadata: Partial<OAuthClientMetadata> = {}) {
    this.clientMetadata = { redirect_uris: [this.redirectUrl], ...metadata };
  }

  clientInformation = (): StoredOAuthClientInformation | undefined => this.#client;
  saveClientInformation = (client: StoredOAuthClientInformation): void => void (this.#client = client);
  tokens = (): StoredOAuthTokens | undefined => this.#tokens;
  saveTokens = (tokens: StoredOAuthTokens): void => void (this.#tokens = tokens);
  redirectToAuthorization = (page: URL): void => void (this.shown = page);
  saveCodeVerifier = (verifier: string): void => void (this.#verifier = verifier);
  codeVerifier = (): string => this.#verifier;
  discoveryState = (): OAuthDiscoveryState | undefined => this.#discovery;
  saveDiscoveryState = (state: OAuthDiscoveryState): void => void (this.#discovery = state);
  invalidateCredentials = (scope: string): void => {
    if (scope === 'discovery' || scope === 'all') this.#discovery = undefined;
    if (scope === 'client' || scope === 'all') this.#client = undefined;
    if (scope === 'tokens' || scope === 'all') this.#tokens = undefined;
  };

  /** Signs in and comes back. */
  async comeBack(): Promise<URLSearchParams> {
    const response = await fetch(this.shown ?? '', { redirect: 'manual' });
    return new URL(response.headers.get('location') ?? '').searchParams;
  }
}
