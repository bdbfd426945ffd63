import { expect, test } from 'vitest';
import { bearer } from './bearer.ts';
import type { AuthResponse } from './auth.ts';

const request = { method: 'POST', url: new URL('https://example.com/mcp') };
const refused = (sent: Readonly<Record<string, string>>, status = 401): AuthResponse => ({
  status,
  header: () => undefined,
  request,
  sent,
});

test('a token goes with each request', async () => {
  expect(await bearer('abc').headers(request)).toEqual({ authorization: 'Bearer abc' });
  expect(bearer('abc').onUnauthorized).toBeUndefined();
});

test('a function is asked for each request, and once more when its token was refused', async () => {
  let token = 'first';
  const auth = bearer(() => Promise.resolve(token));
  const sent = await auth.headers(request);
  expect(await auth.onUnauthorized?.(refused(sent))).toBe(false);
  token = 'second';
  expect(await auth.onUnauthorized?.(refused(sent, 403))).toBe(false);
  expect(await auth.onUnauthorized?.(refused(sent))).toBe(true);
  expect(await auth.headers(request)).toEqual({ authorization: 'Bearer second' });
});

test.each(['', 'two words', 'line\r\nx-evil: 1', 'é'])('%j is refused without being shown', async (token) => {
  expect(() => bearer(token)).toThrow('The token');
  const failure = await bearer(() => token)
    .headers(request)
    .catch((thrown: unknown) => thrown as Error);
  expect(failure).toMatchObject({ code: 'invalid_options' });
  if (token !== '') expect((failure as Error).message).not.toContain(token);
});

test('a variable that is not set is no token', () => {
  expect(() => bearer(undefined as never)).toThrow('is it set?');
});
