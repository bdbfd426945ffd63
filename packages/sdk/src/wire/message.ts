import type { RequestId } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload, type Span } from '../core/payload.ts';
import { DEFAULT_JSON_LIMITS, JsonReader, type JsonLimits, type ReadTerms } from './json-reader.ts';
import { ParamsScan, type ScannedParams } from './params-scan.ts';
import { SeenKeys } from './seen-keys.ts';
import { isUtf8 } from './utf8.ts';

export type { ScannedMeta } from './known-meta.ts';
export type { ScannedParams } from './params-scan.ts';

/** A request as it came over the wire. */
export interface RequestFrame {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: ScannedParams;
}

/** A notification as it came over the wire. */
export interface NotificationFrame {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: ScannedParams;
}

/** A response as it came over the wire; exactly one of `result` and `error` is there. */
export interface ResponseFrame {
  readonly kind: 'response';
  readonly id: RequestId | null;
  readonly result?: Payload<JsonObject> | undefined;
  readonly error?: Payload<RpcError> | undefined;
}

/** Any JSON-RPC message. */
export type Frame = RequestFrame | NotificationFrame | ResponseFrame;

const LETTER_N = 0x6e;
const OPEN_BRACE = 0x7b;
const QUOTE = 0x22;

const NO_PARAMS = (): ScannedParams => ({
  payload: Payload.of<JsonObject>({}),
  target: undefined,
  meta: undefined,
  retry: false,
});

/** An error in a message whose id could be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly id: RequestId | null;
  override readonly cause: McpError;
  /** Whether it is a response, as far as it could be read: `"jsonrpc":"2.0"` and no method. */
  readonly isResponse: boolean;
  constructor(id: RequestId | null, cause: McpError, isResponse = false) {
    super(cause.message);
    this.id = id;
    this.cause = cause;
    this.isResponse = isResponse;
  }
}

/**
 * Reads one JSON-RPC message.
 *
 * @throws FrameError with the id where it could be read
 */
export function readFrame(bytes: Uint8Array, limits: ReadTerms = DEFAULT_JSON_LIMITS): Frame {
  const scan = new FrameScan(bytes, limits);
  try {
    return scan.read();
  } catch (thrown) {
    throw new FrameError(scan.id ?? null, McpError.from(thrown), scan.isResponse);
  }
}

/** Whether the message is a JSON-RPC batch. */
export const isBatch = (bytes: Uint8Array): boolean =>
  bytes[0] !== OPEN_BRACE && new JsonReader(bytes).peekByte() === 0x5b;

/** Splits a batch into its messages; refuses an empty one. */
export function readBatch(bytes: Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): Uint8Array[] {
  const reader = new JsonReader(bytes, limits);
  const messages: Uint8Array[] = [];
  reader.array(() => {
    const { start, end } = reader.skip();
    messages.push(bytes.subarray(start, end));
  });
  reader.end();
  if (messages.length === 0) throw new McpError('invalid_request', 'The batch is empty.');
  return messages;
}

class FrameScan {
  id: RequestId | null | undefined;
  readonly #bytes: Uint8Array;
  readonly #reader: JsonReader;
  #version: unknown;
  #method: unknown;
  #params: Span | undefined;
  #result: Span | undefined;
  #resultType: string | null = null;
  #error: Span | undefined;
  #scan: ParamsScan | undefined;

  constructor(bytes: Uint8Array, limits: ReadTerms) {
    this.#bytes = bytes;
    this.#reader = new JsonReader(bytes, limits);
  }

  get isResponse(): boolean {
    return this.#version === '2.0' && this.#method === undefined;
  }

  read(): Frame {
    if (this.#reader.peekByte() === -1) throw new McpError('parse_error', 'The message is empty.');
    if (this.#reader.peekByte() !== OPEN_BRACE) {
      this.#reader.skip();
      this.#reader.end();
      throw new McpError('invalid_request', 'A JSON-RPC message must be an object.');
    }
    const seen = new SeenKeys();
    if (this.#reader.enterObject())
      do this.#member(this.#reader.key(seen));
      while (this.#reader.more());
    this.#reader.end();
    if (this.#reader.sawNonAscii && !isUtf8(this.#bytes))
      throw new McpError('parse_error', 'The message is not UTF-8.');
    return this.#frame();
  }

  #member(key: string): void {
    const reader = this.#reader;
    if (key === 'id') this.id = readId(reader);
    else if (key === 'jsonrpc') this.#version = readText(reader);
    else if (key === 'method') this.#method = readText(reader);
    else if (key === 'params') this.#params = (this.#scan ??= new ParamsScan(reader)).read();
    else if (key === 'result') this.#result = this.#readResult();
    else if (key === 'error') this.#error = reader.skip();
    else reader.pass();
  }

  /** What a result is, its top level says. */
  #readResult(): Span {
    const reader = this.#reader;
    if (reader.peekByte() !== OPEN_BRACE) return reader.skip();
    const start = reader.pos;
    if (reader.enterObject())
      do
        if (reader.key() === 'resultType' && reader.peekByte() === QUOTE) this.#resultType = reader.scalar() as string;
        else reader.pass();
      while (reader.more());
    return { start, end: reader.pos };
  }

  #frame(): Frame {
    if (this.#version !== '2.0') throw new McpError('invalid_request', '"jsonrpc" must be "2.0".');
    if (this.#method === undefined) return this.#response();
    if (typeof this.#method !== 'string') throw new McpError('invalid_request', '"method" must be a string.');
    const method = this.#method;
    const params = this.#scan && this.#params ? this.#scan.finish(method, this.#params, this.#bytes) : NO_PARAMS();
    if (this.id === undefined) return { kind: 'notification', method, params };
    if (this.id === null) throw new McpError('invalid_request', '"id" must be a string or an integer.');
    return { kind: 'request', id: this.id, method, params };
  }

  #response(): ResponseFrame {
    const { id } = this;
    // Some servers write both members; an error that is null is none.
    if (this.#result && this.#error && this.#bytes[this.#error.start] === LETTER_N) this.#error = undefined;
    if ((this.#result === undefined) === (this.#error === undefined))
      throw new McpError('invalid_request', 'A message needs "method", or exactly one of "result" and "error".');
    const [at, failed] = [this.#result, this.#error];
    if (at && this.#bytes[at.start] !== OPEN_BRACE)
      throw new McpError('invalid_request', '"result" must be an object.');
    return {
      kind: 'response',
      id: id ?? null,
      result: at && Payload.result<JsonObject>(this.#bytes.subarray(at.start, at.end), this.#resultType),
      error: failed && Payload.json<RpcError>(this.#bytes.subarray(failed.start, failed.end)),
    };
  }
}

function readId(reader: JsonReader): RequestId | null {
  const byte = reader.peekByte();
  if (byte === 0x7b || byte === 0x5b) {
    reader.skip();
    return null;
  }
  const id = reader.scalar();
  return typeof id === 'string' || Number.isSafeInteger(id) ? (id as RequestId) : null;
}

function readText(reader: JsonReader): unknown {
  if (reader.peekByte() === QUOTE) return reader.string();
  reader.skip();
  return null;
}
