/* eslint-disable @typescript-eslint/no-deprecated -- nobody knows the suite's authorization servers beforehand, so there is no issuer to expect */
// Credentials of the conformance client: the official providers, and one whose user signs in at once.
import {
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  DpopSession,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { Auth } from '@org/mcp-sdk';
import { fromOAuthProvider } from '@org/mcp-sdk/auth';

/** What a scenario tells of the client that its authorization server knows. */
type Told = Readonly<Record<string, string>>;

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Credentials for a scenario; undefined if its server wants none. */
export function authFor(scenario: string, told: Told): Auth | undefined {
  if (!scenario.startsWith('auth/')) return undefined;
  const machine = machineFor(scenario, told);
  if (machine) return fromOAuthProvider(machine);
  const user = scenario.startsWith('auth/dpop') ? new BoundUser() : new User();
  if (told.client_id !== undefined)
    user.saveClientInformation({ client_id: told.client_id, client_secret: told.client_secret });
  return fromOAuthProvider(user, { callback: () => user.comeBack() });
}

/** A provider that needs no user. */
function machineFor(scenario: string, told: Told): OAuthClientProvider | undefined {
  const { client_id: clientId = '', client_secret: clientSecret = '', private_key_pem: privateKey = '' } = told;
  const algorithm = told.signing_algorithm ?? 'ES256';
  switch (scenario) {
    case 'auth/client-credentials-jwt':
      return new PrivateKeyJwtProvider({ clientId, privateKey, algorithm });
    case 'auth/client-credentials-basic':
      return new ClientCredentialsProvider({ clientId, clientSecret });
    case 'auth/enterprise-managed-authorization':
      return new CrossAppAccessProvider({ clientId, clientSecret, assertion: (asked) => grantFor(asked, told) });
    case 'auth/wif-jwt-bearer':
      return new Workload(told);
    default:
      return undefined;
  }
}

type Asked = Parameters<ConstructorParameters<typeof CrossAppAccessProvider>[0]['assertion']>[0];

async function grantFor({ authorizationServerUrl, resourceUrl, fetchFn }: Asked, told: Told): Promise<string> {
  const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
    tokenEndpoint: told.idp_token_endpoint ?? '',
    audience: authorizationServerUrl,
    resource: resourceUrl,
    idToken: told.idp_id_token ?? '',
    clientId: told.idp_client_id ?? '',
    fetchFn,
  });
  return jwtAuthGrant;
}

/** A user's browser and the storage of an app, in memory. */
class User implements OAuthClientProvider {
  readonly redirectUrl = 'http://localhost:3000/callback';
  readonly clientMetadata: OAuthClientMetadata = { client_name: 'conformance', redirect_uris: [this.redirectUrl] };
  readonly clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
  #shown: URL | undefined;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  clientInformation = (): StoredOAuthClientInformation | undefined => this.#client;
  saveClientInformation = (client: StoredOAuthClientInformation): void => void (this.#client = client);
  tokens = (): StoredOAuthTokens | undefined => this.#tokens;
  saveTokens = (tokens: StoredOAuthTokens): void => void (this.#tokens = tokens);
  redirectToAuthorization = (page: URL): void => void (this.#shown = page);
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
    const response = await fetch(this.#shown ?? '', { redirect: 'manual' });
    return new URL(response.headers.get('location') ?? '').searchParams;
  }
}

/** Wants tokens that are bound to a key. */
class BoundUser extends User {
  readonly #session = DpopSession.create();
  readonly dpop = (): Promise<DpopSession> => this.#session;
}

/** A workload whose platform gave it a token (SEP-1933). */
class Workload extends ClientCredentialsProvider {
  readonly #assertion: string;

  constructor({ client_id: clientId = '', valid_jwt: assertion = '' }: Told) {
    super({ clientId, clientSecret: '' });
    this.#assertion = assertion;
  }

  override get clientMetadata(): OAuthClientMetadata {
    return { redirect_uris: [], grant_types: [JWT_BEARER], token_endpoint_auth_method: 'none' };
  }

  override prepareTokenRequest(): URLSearchParams {
    return new URLSearchParams({ grant_type: JWT_BEARER, assertion: this.#assertion });
  }
}
