import { isJsonObject, type JsonObject } from './json.ts';

interface ErrorRow {
  /** JSON-RPC error code. */
  readonly rpc: number;
  /** HTTP status when the error is found at an HTTP edge. */
  readonly http: number;
}

/**
 * Every code, with the JSON-RPC code and the HTTP status it is answered with.
 *
 * @remarks An error that a handler produced for one call is an answer: its status is 200 (`not_found`,
 * `invalid_params`). Codes outside the JSON-RPC reserved range are not used, and -32000 to -32019 is closed to new
 * allocations, so local failures are -32603 with `data.code`.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index#error-codes
 */
export const ERROR_TABLE = {
  parse_error: { rpc: -32700, http: 400 },
  invalid_request: { rpc: -32600, http: 400 },
  payload_too_large: { rpc: -32600, http: 413 },
  unsupported_media_type: { rpc: -32600, http: 415 },
  not_acceptable: { rpc: -32600, http: 406 },
  http_method_not_allowed: { rpc: -32600, http: 405 },
  forbidden: { rpc: -32600, http: 403 },
  unauthenticated: { rpc: -32600, http: 401 },
  session_not_found: { rpc: -32600, http: 404 },
  method_not_found: { rpc: -32601, http: 404 },
  invalid_envelope: { rpc: -32602, http: 400 },
  invalid_params: { rpc: -32602, http: 200 },
  not_found: { rpc: -32602, http: 200 },
  header_mismatch: { rpc: -32020, http: 400 },
  missing_client_capability: { rpc: -32021, http: 400 },
  unsupported_protocol_version: { rpc: -32022, http: 400 },
  internal: { rpc: -32603, http: 500 },
  invalid_options: { rpc: -32603, http: 500 },
  unavailable: { rpc: -32603, http: 502 },
  overloaded: { rpc: -32603, http: 503 },
  timeout: { rpc: -32603, http: 504 },
  cancelled: { rpc: -32603, http: 499 },
  nondeterministic_tool: { rpc: -32603, http: 200 },
} as const satisfies Record<string, ErrorRow>;

/** The closed list of what can go wrong. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** The `error` member of a JSON-RPC response. */
export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** Codes whose JSON-RPC code is shared: `data.code` tells them apart. */
const LOCAL = new Set<ErrorCode>(['unavailable', 'overloaded', 'timeout', 'cancelled', 'nondeterministic_tool']);

/** What an {@link McpError} carries besides its message. */
export interface McpErrorOptions {
  /** Goes to the caller. */
  data?: JsonObject;
  /** Stays here. */
  cause?: unknown;
  /** Value of `WWW-Authenticate`. @defaultValue `Bearer` for `unauthenticated`, else none */
  challenge?: string;
}

/** An error with a code from {@link ERROR_TABLE}. Its message is shown to callers: no credential, no stack. */
export class McpError extends Error {
  override readonly name = 'McpError';
  readonly code: ErrorCode;
  readonly data: JsonObject | undefined;
  readonly #challenge: string | undefined;

  /**
   * @param code - decides the JSON-RPC code and the HTTP status
   * @param message - names the fault and the remedy
   * @param options - `data` goes to the caller, `cause` stays here; `challenge` says over HTTP how to get in
   */
  constructor(code: ErrorCode, message: string, options: McpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data;
    this.#challenge = options.challenge;
  }

  /** HTTP status of {@link code}. */
  get status(): number {
    return ERROR_TABLE[this.code].http;
  }

  /** HTTP headers that the error needs: a refusal of credentials says which would do (RFC 9110, section 11.6.1). */
  get headers(): Readonly<Record<string, string>> | undefined {
    const challenge = this.#challenge ?? (this.code === 'unauthenticated' ? 'Bearer' : undefined);
    return challenge === undefined ? undefined : { 'www-authenticate': challenge };
  }

  /** The error as the `error` member of a JSON-RPC response. */
  toRpc(): RpcError {
    const data = LOCAL.has(this.code) ? { code: this.code, ...this.data } : this.data;
    return { code: ERROR_TABLE[this.code].rpc, message: this.message, ...(data === undefined ? {} : { data }) };
  }

  /**
   * Makes an `McpError` of anything thrown.
   *
   * @remarks The text of a foreign error may hold what a caller must not see, so it becomes the cause, not the message.
   */
  static from(thrown: unknown): McpError {
    if (isError(thrown, McpError)) return thrown;
    if (isError(thrown, Error) && thrown.name === 'AbortError')
      return new McpError('cancelled', 'The call was cancelled.', { cause: thrown });
    return new McpError('internal', 'Internal error.', { cause: thrown });
  }
}

/** `instanceof`, also of what cannot be looked at (a revoked proxy): that throws. */
function isError<E extends Error>(thrown: unknown, kind: abstract new (...args: never[]) => E): thrown is E {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/** Whether `value` is the `error` member of a JSON-RPC response. */
export const isRpcError = (value: unknown): value is RpcError =>
  isJsonObject(value) && Number.isInteger(value.code) && typeof value.message === 'string';
