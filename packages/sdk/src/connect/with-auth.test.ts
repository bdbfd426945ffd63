import { describe, expect, test, vi } from 'vitest';
import { deferred } from '../../test/support/fake-clock.ts';
import { FakeHttpClient, type FakeAnswer } from '../../test/support/fake-peers.ts';
import type { Auth } from '../auth/auth.ts';
import type { HttpClientRequest, HttpClientResponse } from './http-client.ts';
import { withAuth } from './with-auth.ts';

const url = new URL('https://example.com/mcp');

const request = (signal = new AbortController().signal): HttpClientRequest => ({
  method: 'POST',
  headers: { accept: '*/*' },
  body: '{"jsonrpc":"2.0"}',
  signal,
});

/** Credentials that are new whenever the server wants others. */
function counting(): Auth & { asked: number } {
  const auth = {
    asked: 0,
    headers: () => Promise.resolve({ authorization: `Bearer ${auth.asked}` }),
    onUnauthorized: () => Promise.resolve(++auth.asked > 0),
  };
  return auth;
}

const answering = (...answers: FakeAnswer[]): FakeHttpClient => {
  let next = 0;
  return new FakeHttpClient(() => answers[Math.min(next++, answers.length - 1)] ?? {});
};

const send = (client: FakeHttpClient, auth: Auth, signal?: AbortSignal): Promise<HttpClientResponse> =>
  withAuth(client, url, auth).request(request(signal));

describe('credentials', () => {
  test('go with the request, beside its own headers', async () => {
    const client = answering({ status: 200 });
    await send(client, counting());
    expect(client.requests[0]?.headers).toEqual({ accept: '*/*', authorization: 'Bearer 0' });
  });

  test.each([
    [401, {}, 2],
    [403, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"' }, 2],
    [403, {}, 1],
    [500, { 'www-authenticate': 'Bearer error="insufficient_scope"' }, 1],
  ])('with HTTP %i and %j the request is sent %i times', async (status, headers, times) => {
    const client = answering({ status, headers }, { status: 200 });
    await send(client, counting());
    expect(client.requests).toHaveLength(times);
    expect(client.cancelled).toBe(times - 1);
  });

  test('are not replaced forever', async () => {
    const client = answering({ status: 401 });
    expect((await send(client, counting())).status).toBe(401);
    expect(client.requests).toHaveLength(4);
  });

  test('that cannot be replaced leave the refusal as it is', async () => {
    const client = answering({ status: 401 });
    const { headers } = counting();
    expect((await send(client, { headers })).status).toBe(401);
    expect((await send(client, { headers, onUnauthorized: () => Promise.resolve(false) })).status).toBe(401);
    expect(client.requests).toHaveLength(2);
  });

  test('see every response', async () => {
    const client = answering({ status: 200, headers: { 'dpop-nonce': 'n' } });
    const onResponse = vi.fn<NonNullable<Auth['onResponse']>>();
    await send(client, { ...counting(), onResponse });
    const seen = onResponse.mock.calls[0]?.[0];
    expect(seen).toMatchObject({ status: 200, request: { method: 'POST', url }, sent: { authorization: 'Bearer 0' } });
    expect(seen?.header('dpop-nonce')).toBe('n');
  });
});

test('a call that is cancelled does not wait for a sign-in', async () => {
  const controller = new AbortController();
  const never = new Promise<never>(() => undefined);
  const waiting = send(answering({ status: 401 }), { ...counting(), onUnauthorized: () => never }, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  await expect(send(answering({}), { headers: () => never }, controller.signal)).rejects.toMatchObject({
    code: 'cancelled',
  });
});

test('the end of a session asks nobody to sign in', async () => {
  const client = answering({ status: 401 });
  const onUnauthorized = vi.fn(() => Promise.resolve(true));
  const request = { method: 'DELETE', headers: {}, signal: new AbortController().signal } as const;
  expect((await withAuth(client, url, { ...counting(), onUnauthorized }).request(request)).status).toBe(401);
  expect(onUnauthorized).not.toHaveBeenCalled();
});

test('what is still refused when a session ends asks nobody to sign in', async () => {
  const refused = deferred();
  const client = new FakeHttpClient(async ({ method }) => {
    if (method === 'POST') await refused.promise;
    return { status: 401 };
  });
  const onUnauthorized = vi.fn(() => Promise.resolve(true));
  const authorized = withAuth(client, url, { ...counting(), onUnauthorized });
  const posted = authorized.request(request());
  await authorized.request({ method: 'DELETE', headers: {}, signal: new AbortController().signal });
  refused.resolve();
  expect((await posted).status).toBe(401);
  expect(onUnauthorized).not.toHaveBeenCalled();
});

test('closing closes the client', async () => {
  const client = answering({});
  await withAuth(client, url, counting()).close();
  expect(client.closed).toBe(true);
});
