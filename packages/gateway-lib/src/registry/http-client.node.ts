import { createFetchClient, type FetchLike, type HttpClient } from '@org/mcp-sdk/connect';
import { createUndiciClient, type UndiciClientOptions } from '@org/mcp-sdk/node';

/** Makes the HTTP client of an endpoint: undici, unless a `fetch` is given. */
export const createHttpClient = (
  url: URL,
  { dispatcher, fetch }: { dispatcher?: NonNullable<UndiciClientOptions['dispatcher']>; fetch?: FetchLike },
): HttpClient =>
  fetch ? createFetchClient(url, fetch) : createUndiciClient(url, dispatcher ? { dispatcher } : {});
