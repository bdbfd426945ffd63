import { McpError } from '../core/errors.ts';
import type { Auth } from './auth.ts';

/** A token, or where to get it. Called for each request: caching is up to it. */
export type TokenSource = string | (() => string | Promise<string>);

/** Visible ASCII: keys in use have more characters than RFC 6750 (section 2.1) allows, but a line break adds a header. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Sends a bearer token with each request.
 *
 * @remarks With a function, a request that was refused is sent once more if the function has another token by then.
 * @throws McpError `invalid_options` if the token has characters that no header may hold; it does not show the token
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export function bearer(token: TokenSource): Auth {
  if (typeof token === 'string') {
    const headers = Promise.resolve(bearerHeaders(token));
    return { headers: () => headers };
  }
  if (typeof token !== 'function') throw new McpError('invalid_options', NO_TOKEN);
  const current = async (): Promise<Record<string, string>> => bearerHeaders(await token());
  return {
    headers: current,
    context: async () => token(),
    onUnauthorized: async ({ status, sent }) =>
      status === 401 && (await current()).authorization !== sent.authorization,
  };
}

/** Most often a variable of the environment that is not set. */
const NO_TOKEN = 'The token is neither text nor a function: is it set?';

function bearerHeaders(token: string): Record<string, string> {
  if (TOKEN.test(token)) return { authorization: `Bearer ${token}` };
  const fault =
    token === '' ? 'is empty' : 'has characters that a bearer token cannot have, such as spaces or line breaks';
  throw new McpError('invalid_options', `The token ${fault}; give it without the word "Bearer".`);
}
