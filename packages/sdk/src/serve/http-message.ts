import type { EdgeRequest } from './edge.ts';
import type { WireJson } from '../wire/encode.ts';
import { McpError } from '../core/errors.ts';
import type { SignalSource } from '../core/cancellation.ts';
import type { RequestId } from '../core/call.ts';
import { Payload } from '../core/payload.ts';
import { responseParts } from '../wire/encode.ts';

/** An HTTP request, whatever server took it. */
export interface HttpRequest extends EdgeRequest, SignalSource {
  readonly method: string;
  /** What follows the `?` of the URL; empty if there is none. */
  readonly query: string;
  /** Headers whose lower-case names start with `prefix`. */
  headersWith(prefix: string): Record<string, string> | undefined;
  /** Reads the body. @throws McpError `payload_too_large` if it is longer than `maxBytes` */
  body(maxBytes: number): Promise<Uint8Array>;
  /** Aborted when the peer goes away before the response is whole. */
  readonly signal: AbortSignal;
}

/** Where a stream is written. */
export interface StreamSink {
  /** Writes; the promise, if there is one, resolves when there is room again. */
  write(text: string): Promise<void> | undefined;
}

/** An HTTP response: nothing, one JSON text in parts, or what `stream` writes until it resolves. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly WireJson[];
  /** Writes the body; resolves at its end. */
  readonly stream?: (sink: StreamSink) => Promise<void>;
}

/** Answers one HTTP request; never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

const JSON_HEADERS = { 'content-type': 'application/json' } as const;

/** A response with a JSON body. */
export const jsonResponse = (
  status: number,
  body: readonly WireJson[],
  headers?: Readonly<Record<string, string>>,
): HttpResponse => ({
  status,
  headers: headers ? { ...JSON_HEADERS, ...headers } : JSON_HEADERS,
  body,
});

/** A response without a body. */
export const emptyResponse = (status: number, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
});

/** The response to a request that failed before there was a reply. */
export function errorResponse(id: RequestId | null, thrown: unknown): HttpResponse {
  const error = McpError.from(thrown);
  const headers = error.code === 'http_method_not_allowed' ? { allow: 'POST, GET, DELETE' } : error.headers;
  const body = responseParts(id, { kind: 'error', error: Payload.of(error.toRpc()) });
  return jsonResponse(error.status, body, headers);
}
