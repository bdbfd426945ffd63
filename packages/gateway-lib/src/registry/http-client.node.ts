import { createFetchClient, type DispatcherLike, type FetchLike, type HttpClient } from '@org/mcp-sdk/connect';
import { createUndiciClient } from '@org/mcp-sdk/node';

/** Makes the HTTP client of an endpoint: undici, unless a `fetch` is given. */
export const createHttpClient = (
  url: URL,
  { dispatcher, fetch }: { dispatcher?: DispatcherLike; fetch?: FetchLike },
): HttpClient => (fetch ? createFetchClient(url, fetch) : createUndiciClient(url, dispatcher ? { dispatcher } : {}));
