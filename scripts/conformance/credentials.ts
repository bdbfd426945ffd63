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
} from '@modelcontextprotocol/client';
import type { Auth } from '@org/mcp-sdk';
import { fromOAuthProvider } from '@org/mcp-sdk/auth';
import { InMemoryUser } from '../../packages/sdk/test/support/oauth-user.ts';

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

class User extends InMemoryUser {
  readonly clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';

  constructor() {
    super({ client_name: 'conformance' });
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
