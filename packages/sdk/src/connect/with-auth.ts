import type { Auth, AuthResponse } from '../auth/auth.ts';
import type { HttpClient, HttpClientRequest, HttpClientResponse } from './http-client.ts';
import { untilAborted } from './until-aborted.ts';

/** How often one request is sent: as it is, with a server's nonce, with a new token, with more scopes. */
const MAX_TRIES = 4;

/** Shows a client's credentials with each request, and gets others when the server wants them. */
export function withAuth(client: HttpClient, url: URL, auth: Auth): HttpClient {
  const guarded = { client, url, auth, isEnding: false };
  return {
    request: (request) => {
      // Only sessions are deleted, when they end.
      if (request.method === 'DELETE') guarded.isEnding = true;
      return send(guarded, request);
    },
    close: () => {
      guarded.isEnding = true;
      return client.close();
    },
  };
}

interface Guarded {
  readonly client: HttpClient;
  readonly url: URL;
  readonly auth: Auth;
  /** Whether what is sent are the last words. */
  isEnding: boolean;
}

async function send(guarded: Guarded, request: HttpClientRequest): Promise<HttpClientResponse> {
  const { client, url, auth } = guarded;
  for (let tries = 1; ; tries++) {
    const target = { method: request.method, url: request.url ?? url };
    // Others wait for the credentials too, and a user may take minutes.
    const sent = await untilAborted(auth.headers(target), request.signal);
    const response = await client.request({
      ...request,
      signal: request.signal,
      headers: { ...request.headers, ...sent },
    });
    const seen: AuthResponse = {
      status: response.status,
      header: (name) => response.header(name),
      request: target,
      sent,
    };
    await auth.onResponse?.(seen);
    // The end of a session, and what is said on the way, is worth no sign-in.
    if (tries === MAX_TRIES || guarded.isEnding) return response;
    if (!wantsOthers(response) || !auth.onUnauthorized) return response;
    if (!(await untilAborted(auth.onUnauthorized(seen), request.signal))) return response;
    // The connection is freed: nobody reads why the request was refused.
    response.cancel();
  }
}

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization */
const wantsOthers = (response: HttpClientResponse): boolean =>
  response.status === 401 ||
  (response.status === 403 && /\binsufficient_scope\b/.test(response.header('www-authenticate') ?? ''));
