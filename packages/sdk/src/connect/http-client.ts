import type { SignalSource } from '../core/cancellation.ts';
import { McpError } from '../core/errors.ts';
import type { WireJson } from '../wire/encode.ts';

/** One HTTP request to the URL a client was made for. */
export interface HttpClientRequest extends SignalSource {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Where it goes, at the same origin. @defaultValue the URL of the client */
  readonly url?: URL;
  readonly headers: Record<string, string>;
  readonly body?: WireJson;
  /** Whether it asks for a sign of life: it must not wait for calls. */
  readonly isPing?: boolean;
  /** Whether the response is a stream that is open for as long as its reader wants: calls must not wait for its end. */
  readonly isLasting?: boolean;
}

/** Its response: an event stream as it comes, anything else read to the end. */
export interface HttpClientResponse {
  readonly status: number;
  /** Reads a header by its lower-case name. */
  header(name: string): string | undefined;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Says that nobody wants the rest of a stream; the connection is freed at once. */
  cancel(): void;
}

/** How HTTP is spoken to one URL. Drivers: `fetch`, undici. */
export interface HttpClient {
  /** @throws McpError `unavailable` if there is no response, or it is longer than allowed */
  request(request: HttpClientRequest): Promise<HttpClientResponse>;
  /** Frees the sockets that are its own. */
  close(): Promise<void>;
}

/** Limit for one response that is not a stream. Unit: bytes. 64 MiB: an image or a file as Base64, with room. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** What a server that gives no response is told of by; `cause` is what failed below: its code says why. */
export function unreachable(origin: string, cause: unknown): McpError {
  const code = codeOf(cause);
  const why = code === undefined ? '' : ` (${code})`;
  return new McpError('unavailable', `${origin} cannot be reached or cut the response off${why}.`, { cause });
}

/** A code such as ECONNREFUSED; `fetch` has it one level down, and connecting to several addresses in a list. */
function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && typeof cause.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(cause.code)) return cause.code;
  const inner: unknown[] = cause instanceof AggregateError ? cause.errors : [cause.cause];
  return codeOf(inner[0]);
}

/** What a response that is too long ends with. */
export const tooLong = (maxBytes: number): McpError =>
  new McpError('unavailable', `The response is longer than ${maxBytes} bytes.`);

/** Whether a response is read as it comes. */
export const isEventStream = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^\s*text\/event-stream\b/i.test(contentType);

/** An undici dispatcher (7 or later), known by its shape so that any copy of undici will do. */
export interface DispatcherLike {
  /** Sends a request; see undici's `Dispatcher`. */
  dispatch(options: never, handler: never): boolean;
}
