import { createHash, createPublicKey, randomBytes, verify, type JsonWebKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { MCPServerBuilder, McpError, type MCPServer, type Middleware, type Principal } from '../../src/index.ts';
import { requireAuth } from '../../src/auth.ts';
import { startHttp, type TestHttpServer } from './http-server.ts';

interface Grant {
  readonly scope: string;
  /** Public key that the token is bound to. */
  readonly key: string | undefined;
}

/** What makes one {@link OAuthServer} different from another. */
export interface OAuthServerOptions {
  /** Public key of clients that sign (`private_key_jwt`). */
  readonly clientKey?: JsonWebKey;
  /** Whether tokens are bound to a key (DPoP). */
  readonly bound?: boolean;
}

/** What the client is known by. */
export const CREDENTIALS = { clientId: 'machine', clientSecret: 'machine-secret' };

/** Starts one. */
export async function startOAuth(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const server = new OAuthServer(options);
  await server.start();
  return server;
}

/** An authorization server, and an MCP server that takes its tokens, on one loopback port. */
export class OAuthServer {
  /** Grant types of the token requests, in order. */
  readonly grants: string[] = [];
  /** Every token and secret that was ever given out. */
  readonly secrets = new Set([CREDENTIALS.clientSecret]);
  readonly #options: OAuthServerOptions;
  readonly #tokens = new Map<string, Grant>();
  readonly #codes = new Map<string, { challenge: string; scope: string }>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #nonce = this.#secret();
  readonly #server: MCPServer;
  #http: TestHttpServer | undefined;
  #refusing = false;

  constructor(options: OAuthServerOptions) {
    this.#options = options;
    const authenticate = this.#authenticate.bind(this);
    this.#server = new MCPServerBuilder({ name: 'guarded', version: '1.0.0', authenticate })
      .use(adminOnly)
      .addTool({ name: 'whoami', handler: (_params, { principal }) => principal?.subject ?? 'nobody' })
      .addTool({ name: 'admin', handler: () => 'done' })
      .build();
  }

  get issuer(): string {
    return this.#http?.url.origin ?? '';
  }

  get mcp(): URL {
    return new URL('/mcp', this.issuer);
  }

  async start(): Promise<void> {
    this.#http = await startHttp((req, res) => {
      void this.#route(req, res);
    });
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#http?.close();
  }

  /** Makes the access tokens that are out worthless. */
  expire(): void {
    this.#tokens.clear();
  }

  /** From now on every access token is refused. */
  refuseAll(): void {
    this.#refusing = true;
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', this.issuer);
    if (url.pathname === '/mcp') await this.#guard(req, res);
    else if (url.pathname === '/token') await this.#token(req, res);
    else if (url.pathname === '/authorize') this.#authorize(url, res);
    else if (url.pathname === '/register') json(res, 201, { ...parse(await readText(req)), client_id: 'registered' });
    else this.#describe(url.pathname, res);
  }

  #describe(path: string, res: ServerResponse): void {
    const resource = { resource: this.mcp.href, authorization_servers: [this.issuer] };
    if (path === '/.well-known/oauth-protected-resource/mcp') json(res, 200, resource);
    else if (path === '/.well-known/oauth-authorization-server') json(res, 200, serverMetadata(this.issuer));
    else json(res, 404, {});
  }

  #secret(): string {
    const value = randomBytes(16).toString('base64url');
    this.secrets.add(value);
    return value;
  }

  #authenticate(header: (name: string) => string | undefined): Principal {
    const expected = this.#options.bound ? 'DPoP' : 'Bearer';
    const [scheme = '', token = ''] = header('authorization')?.split(' ') ?? [];
    const grant = this.#refusing ? undefined : this.#tokens.get(token);
    if (grant && scheme === expected) return { subject: 'somebody', scopes: new Set(grant.scope.split(' ')) };
    const metadata = `${this.issuer}/.well-known/oauth-protected-resource/mcp`;
    const challenge = `${expected} resource_metadata="${metadata}", scope="tools"`;
    throw new McpError('unauthenticated', 'No good token.', { challenge });
  }

  /** A request with a bound token needs a proof; without the right nonce it is answered with one. */
  async #guard(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [, token] = req.headers.authorization?.split(' ') ?? [];
    const fault = this.#options.bound && token !== undefined ? this.#proofFault(req, token) : undefined;
    if (fault === undefined) {
      await this.#server.handle(req, res);
      return;
    }
    res.setHeader('dpop-nonce', this.#nonce);
    res.setHeader('www-authenticate', `DPoP error="${fault}"`);
    json(res, 401, {});
  }

  #proofFault(req: IncomingMessage, token: string): string | undefined {
    const proof = proofOf(req);
    const expected = { htm: req.method, htu: this.mcp.href, ath: sha256(token) };
    if (!proof || proof.key !== this.#tokens.get(token)?.key) return 'invalid_dpop_proof';
    if (Object.entries(expected).some(([claim, value]) => proof.claims[claim] !== value)) return 'invalid_dpop_proof';
    return proof.claims.nonce === this.#nonce ? undefined : 'use_dpop_nonce';
  }

  async #token(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(req));
    const proof = this.#options.bound ? proofOf(req) : undefined;
    if (this.#options.bound && proof?.claims.nonce !== this.#nonce) {
      res.setHeader('dpop-nonce', this.#nonce);
      json(res, 400, { error: 'use_dpop_nonce' });
      return;
    }
    this.grants.push(form.get('grant_type') ?? '');
    const scope = this.#scopeOf(req, form);
    if (scope === undefined) json(res, 400, { error: 'invalid_grant', error_description: CREDENTIALS.clientSecret });
    else json(res, 200, this.#issue(scope, proof?.key));
  }

  /** What a token request may have; undefined for one that is refused. */
  #scopeOf(req: IncomingMessage, form: URLSearchParams): string | undefined {
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.#isClient(req, form) ? (form.get('scope') ?? 'tools') : undefined;
      case 'refresh_token':
        return takeFrom(this.#refreshTokens, form.get('refresh_token'));
      default: {
        const code = takeFrom(this.#codes, form.get('code'));
        return code?.challenge === sha256(form.get('code_verifier') ?? '') ? code.scope : undefined;
      }
    }
  }

  #isClient(req: IncomingMessage, form: URLSearchParams): boolean {
    const { clientKey } = this.#options;
    const assertion = form.get('client_assertion');
    if (assertion !== null && clientKey) return readJwt(assertion, clientKey)?.iss === CREDENTIALS.clientId;
    const basic = Buffer.from(`${CREDENTIALS.clientId}:${CREDENTIALS.clientSecret}`).toString('base64');
    return req.headers.authorization === `Basic ${basic}`;
  }

  #issue(scope: string, key: string | undefined): object {
    const [access, refresh] = [this.#secret(), this.#secret()];
    this.#tokens.set(access, { scope, key });
    this.#refreshTokens.set(refresh, scope);
    const type = key === undefined ? 'Bearer' : 'DPoP';
    return { access_token: access, token_type: type, refresh_token: refresh, scope, expires_in: 3600 };
  }

  /** The user agrees at once. */
  #authorize({ searchParams }: URL, res: ServerResponse): void {
    const code = this.#secret();
    this.#codes.set(code, {
      challenge: searchParams.get('code_challenge') ?? '',
      scope: searchParams.get('scope') ?? 'tools',
    });
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code, iss: this.issuer }).toString();
    res.writeHead(302, { location: back.href }).end();
  }
}

/** The tool `admin` is for those who may. */
const adminOnly: Middleware = (next) => {
  // What it adds to the type of the call is of no use behind a condition.
  const guarded = requireAuth({ scopes: ['tools', 'admin'] })(next as never);
  return (call) => (call.target === 'admin' ? guarded(call as never) : next(call));
};

const serverMetadata = (issuer: string): object => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
  dpop_signing_alg_values_supported: ['ES256'],
});

function json(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Codes and refresh tokens are good once. */
function takeFrom<T>(given: Map<string, T>, key: string | null): T | undefined {
  const value = given.get(key ?? '');
  given.delete(key ?? '');
  return value;
}

const parse = (text: string): object => JSON.parse(text) as object;

const sha256 = (value: string): string => createHash('sha256').update(value).digest('base64url');

function proofOf(req: IncomingMessage): { key: string; claims: Record<string, unknown> } | undefined {
  const proof = req.headers.dpop;
  if (typeof proof !== 'string') return undefined;
  const header = JSON.parse(Buffer.from(proof.split('.')[0] ?? '', 'base64url').toString()) as { jwk: JsonWebKey };
  const claims = readJwt(proof, header.jwk);
  return claims && { key: JSON.stringify(header.jwk), claims };
}

/** The claims of an ES256 JWT; undefined if its signature is wrong. */
function readJwt(jwt: string, jwk: JsonWebKey): Record<string, unknown> | undefined {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  const good = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  return good ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>) : undefined;
}
