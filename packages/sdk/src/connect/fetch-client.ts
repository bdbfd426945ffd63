import { McpError } from '../core/errors.ts';
import {
  isEventStream,
  MAX_RESPONSE_BYTES,
  tooLong,
  unreachable,
  type HttpClient,
  type HttpClientRequest,
  type HttpClientResponse,
} from './http-client.ts';

/** The part of `fetch` that is used: any implementation will do. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** Speaks HTTP with `fetch`: runs on every runtime. On Node, undici is six times faster. */
export function createFetchClient(url: URL, fetchLike: FetchLike = fetch): HttpClient {
  return {
    request: (request) => send(url, fetchLike, request),
    close: () => Promise.resolve(),
  };
}

async function send(url: URL, fetchLike: FetchLike, request: HttpClientRequest): Promise<HttpClientResponse> {
  const { method, headers, signal } = request;
  const { href } = request.url ?? url;
  const body = request.body as string | Uint8Array<ArrayBuffer> | undefined;
  let response: Response;
  checkHeaders(headers);
  try {
    response = await fetchLike(href, { method, headers, signal, redirect: 'error', ...(body ? { body } : {}) });
  } catch (cause) {
    if (signal.aborted) throw McpError.from(signal.reason);
    throw unreachable(url.origin, cause);
  }
  const reader = response.body?.getReader();
  const stream = isEventStream(response.headers.get('content-type') ?? undefined);
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: stream && reader ? chunks(reader) : await readAll(reader),
    cancel: () => void reader?.cancel().catch(() => undefined),
  };
}

/** What `fetch` says of a wrong header quotes it, and it may be a credential. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers))
    try {
      new Headers([[name, value]]);
    } catch {
      throw new McpError('invalid_options', `The header ${JSON.stringify(name)} has a character that none may have.`);
    }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function readAll(reader: Reader | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (!reader) return new Uint8Array();
  for await (const chunk of chunks(reader)) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) throw tooLong(MAX_RESPONSE_BYTES);
    parts.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

async function* chunks(reader: Reader): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw new McpError('unavailable', 'The response was cut off.', { cause });
  } finally {
    // Also when the consumer stops early: the connection is freed.
    await reader.cancel().catch(() => undefined);
  }
}
