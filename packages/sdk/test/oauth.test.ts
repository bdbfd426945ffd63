import { generateKeyPairSync } from 'node:crypto';
import { ClientCredentialsProvider, DpopSession, PrivateKeyJwtProvider } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fromOAuthProvider, type Auth } from '../src/auth.ts';
import { connect, createFetchClient, linkOverHttp, withAuth, type Connection } from '../src/connect.ts';
import { createCall, systemClock, type McpError } from '../src/index.ts';
import { CREDENTIALS, startOAuth, type OAuthServer } from './support/oauth-server.ts';
import { InMemoryUser } from './support/oauth-user.ts';

class BoundProvider extends ClientCredentialsProvider {
  readonly #session = DpopSession.create();
  dpop(): Promise<DpopSession> {
    return this.#session;
  }
}

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(options: Parameters<typeof startOAuth>[0] = {}): Promise<OAuthServer> {
  const server = await startOAuth(options);
  open.push(server);
  return server;
}

async function reach(server: OAuthServer, auth: Auth, era: 'modern' | 'legacy' = 'modern'): Promise<Connection> {
  const link = linkOverHttp(withAuth(createFetchClient(server.mcp), server.mcp, auth), server.mcp);
  const { signal } = new AbortController();
  const connection = await connect(link, {
    clientInfo: { name: 'tester', version: '1.0.0' },
    signal,
    clock: systemClock,
    ...(era === 'legacy' ? { era } : {}),
  });
  open.push(connection);
  return connection;
}

const credentialsFor = (server: OAuthServer): typeof CREDENTIALS & { expectedIssuer: string } => ({
  ...CREDENTIALS,
  expectedIssuer: server.issuer,
});

const callTool = async ({ handler }: Connection, name: string): Promise<unknown> => {
  const { content } = await (await handler(createCall('tools/call', { name }))).result();
  return (content as { text: string }[])[0]?.text;
};

const failureOf = (work: Promise<unknown>): Promise<McpError> =>
  work.then(
    () => expect.fail('did not fail'),
    (thrown: unknown) => thrown as McpError,
  );

describe.each(['modern', 'legacy'] as const)('a server of the %s era', (era) => {
  test('is called with client credentials', async () => {
    const server = await start();
    const connection = await reach(
      server,
      fromOAuthProvider(new ClientCredentialsProvider(credentialsFor(server))),
      era,
    );
    expect(connection.era).toBe(era);
    expect(await callTool(connection, 'whoami')).toBe('somebody');
    expect(server.grants).toEqual(['client_credentials']);
  });
});

test('a private key signs for a client', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = await start({ clientKey: publicKey.export({ format: 'jwk' }) });
  const provider = new PrivateKeyJwtProvider({
    clientId: CREDENTIALS.clientId,
    expectedIssuer: server.issuer,
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    algorithm: 'ES256',
  });
  expect(await callTool(await reach(server, fromOAuthProvider(provider)), 'whoami')).toBe('somebody');
});

test('a user signs in with PKCE, and the call goes on', async () => {
  const server = await start();
  const provider = new InMemoryUser({ scope: 'tools' });
  const connection = await reach(server, fromOAuthProvider(provider, { callback: () => provider.comeBack() }));
  expect(await callTool(connection, 'whoami')).toBe('somebody');
  expect(provider.shown?.searchParams.get('code_challenge_method')).toBe('S256');
  expect(server.grants).toEqual(['authorization_code']);
});

test('without a callback the call says what to do, and finish() does it', async () => {
  const server = await start();
  const provider = new InMemoryUser({ scope: 'tools' });
  const auth = fromOAuthProvider(provider);
  const failure = await failureOf(reach(server, auth));
  expect(failure).toMatchObject({ code: 'unavailable', data: { httpStatus: 401 } });
  expect(failure.message).toContain('finish()');
  await auth.finish(await provider.comeBack());
  expect(await callTool(await reach(server, auth), 'whoami')).toBe('somebody');
});

test('a user who comes back without a code has not signed in', async () => {
  const server = await start();
  const callback = (): Promise<URLSearchParams> => Promise.resolve(new URLSearchParams({ error: 'access_denied' }));
  const failure = await failureOf(reach(server, fromOAuthProvider(new InMemoryUser({ scope: 'tools' }), { callback })));
  expect(failure.message).toContain('without a code');
});

test('calls that find the token expired share one refresh', async () => {
  const server = await start();
  const provider = new InMemoryUser({ scope: 'tools' });
  const connection = await reach(server, fromOAuthProvider(provider, { callback: () => provider.comeBack() }));
  server.expire();
  const answers = await Promise.all(Array.from({ length: 8 }, () => callTool(connection, 'whoami')));
  expect(new Set(answers)).toEqual(new Set(['somebody']));
  expect(server.grants).toEqual(['authorization_code', 'refresh_token']);
});

test('a token that is refused makes the provider forget where the authorization server was', async () => {
  const server = await start();
  const invalidateCredentials = vi.fn<(scope: string) => void>();
  const provider = Object.assign(new InMemoryUser({ scope: 'tools' }), { invalidateCredentials });
  const connection = await reach(server, fromOAuthProvider(provider, { callback: () => provider.comeBack() }));
  expect(invalidateCredentials).not.toHaveBeenCalled();
  server.expire();
  await callTool(connection, 'whoami');
  expect(invalidateCredentials.mock.calls).toEqual([['discovery']]);
});

test('tokens bound to a key go with a proof for each request, with the nonce that the server wants', async () => {
  const server = await start({ bound: true });
  const connection = await reach(server, fromOAuthProvider(new BoundProvider(credentialsFor(server))));
  expect(await callTool(connection, 'whoami')).toBe('somebody');
  expect(await callTool(connection, 'whoami')).toBe('somebody');
  expect(server.grants).toEqual(['client_credentials']);
});

test('a tool that needs more scopes gets them, and the scopes at hand are kept', async () => {
  const server = await start();
  const provider = new InMemoryUser({ scope: 'tools' });
  const connection = await reach(server, fromOAuthProvider(provider, { callback: () => provider.comeBack() }));
  expect(await callTool(connection, 'admin')).toBe('done');
  expect(provider.tokens()?.scope).toBe('tools admin');
  expect(server.grants).toEqual(['authorization_code', 'authorization_code']);
  expect(await callTool(connection, 'whoami')).toBe('somebody');
});

test('a new token that is refused is not replaced again', async () => {
  const server = await start();
  server.refuseAll();
  const failure = await failureOf(
    reach(server, fromOAuthProvider(new ClientCredentialsProvider(credentialsFor(server)))),
  );
  expect(failure).toMatchObject({ code: 'unavailable', data: { httpStatus: 401 } });
  expect(server.grants).toEqual(['client_credentials']);
});

test('no message holds a credential', async () => {
  // The official package prints what the authorization server said.
  vi.spyOn(console, 'warn').mockReturnValue();
  const server = await start();
  const provider = new ClientCredentialsProvider({ ...credentialsFor(server), clientSecret: 'wrong-secret' });
  const failure = await failureOf(reach(server, fromOAuthProvider(provider)));
  expect(failure.message).toContain('invalid_grant');
  for (const secret of [...server.secrets, 'wrong-secret'])
    expect(JSON.stringify([failure.message, failure.toRpc()])).not.toContain(secret);
});
