import type { RequestId } from '../core/call.ts';
import { McpError, type RpcError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { targetMember } from '../core/methods.ts';
import { Payload, type Member, type Span } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import { DEFAULT_JSON_LIMITS, isUtf8, JsonReader, type JsonLimits } from './json-reader.ts';

/** What routing and translation need of `params`, read without parsing the rest. */
export interface ScannedParams {
  readonly payload: Payload<JsonObject>;
  /** What the call is about, decoded. */
  readonly target: string | undefined;
  /** `_meta` members that are short: version, token, level; absent where they are not there. */
  readonly meta: Readonly<Record<string, unknown>> | undefined;
  /** Whether this is the retry of a call that asked for input. */
  readonly retry: boolean;
}

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
  readonly result?: Payload<JsonObject>;
  readonly error?: Payload<RpcError>;
}

/** Any JSON-RPC message. */
export type Frame = RequestFrame | NotificationFrame | ResponseFrame;

/** An error in a message whose id could be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly id: RequestId | null;
  override readonly cause: McpError;
  constructor(id: RequestId | null, cause: McpError) {
    super(cause.message);
    this.id = id;
    this.cause = cause;
  }
}

const SCALAR_META = new Set<string>([META.protocolVersion, META.progressToken, META.logLevel, META.subscriptionId]);

/**
 * Reads one JSON-RPC message.
 *
 * @throws FrameError with the id where it could be read
 */
export function readFrame(bytes: Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): Frame {
  const scan = new FrameScan(bytes, limits);
  try {
    return scan.read();
  } catch (thrown) {
    throw new FrameError(scan.id ?? null, McpError.from(thrown));
  }
}

/** Whether the message is a JSON-RPC batch. */
export const isBatch = (bytes: Uint8Array): boolean => new JsonReader(bytes).peekByte() === 0x5b;

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
  #error: Span | undefined;
  readonly #scan: ParamsScan;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = bytes;
    this.#reader = new JsonReader(bytes, limits);
    this.#scan = new ParamsScan(this.#reader);
  }

  read(): Frame {
    if (this.#reader.peekByte() === -1) throw new McpError('parse_error', 'The message is empty.');
    if (this.#reader.peekByte() !== 0x7b) {
      this.#reader.skip();
      this.#reader.end();
      throw new McpError('invalid_request', 'A JSON-RPC message must be an object.');
    }
    this.#reader.object((key) => {
      this.#member(key);
    }, true);
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
    else if (key === 'params') this.#params = this.#scan.read();
    else if (key === 'result') this.#result = reader.skip();
    else if (key === 'error') this.#error = reader.skip();
    else reader.skip();
  }

  #frame(): Frame {
    if (this.#version !== '2.0') throw new McpError('invalid_request', '"jsonrpc" must be "2.0".');
    if (this.#method === undefined) return this.#response();
    if (typeof this.#method !== 'string') throw new McpError('invalid_request', '"method" must be a string.');
    const method = this.#method;
    const params = this.#scan.finish(method, this.#params, this.#bytes);
    if (this.id === undefined) return { kind: 'notification', method, params };
    if (this.id === null) throw new McpError('invalid_request', '"id" must be a string or an integer.');
    return { kind: 'request', id: this.id, method, params };
  }

  #response(): ResponseFrame {
    const { id } = this;
    if ((this.#result === undefined) === (this.#error === undefined))
      throw new McpError('invalid_request', 'A message needs "method", or exactly one of "result" and "error".');
    const payload = <T>(span: Span | undefined): Payload<T> | undefined =>
      span && Payload.json<T>(this.#bytes.subarray(span.start, span.end));
    const result = payload<JsonObject>(this.#result);
    if (result && result.bytes[0] !== 0x7b) throw new McpError('invalid_request', '"result" must be an object.');
    const error = payload<RpcError>(this.#error);
    return { kind: 'response', id: id ?? null, ...(result ? { result } : {}), ...(error ? { error } : {}) };
  }
}

/** What a call is about: where it stands, and what it says if it is a string. */
interface Target {
  readonly span: Span;
  readonly text: string | undefined;
}

const QUOTE = 0x22;

/** Collects the offsets that routing needs while `params` is read. */
class ParamsScan {
  readonly #reader: JsonReader;
  readonly #targets: Partial<Record<string, Target>> = {};
  /** Where `params` begins: offsets are counted from there. */
  #base = 0;
  #meta: (Span & { members: Member[] }) | undefined;
  #values: Record<string, unknown> | undefined;
  #retry = false;

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  read(): Span {
    const reader = this.#reader;
    if (reader.peekByte() !== 0x7b) return reader.skip();
    this.#base = reader.pos;
    return reader.object((key) => {
      if (key === '_meta') this.#readMeta();
      else if (key === 'ref' && reader.peekByte() === 0x7b) this.#readRef();
      else this.#readMember(key);
    }, true);
  }

  finish(method: string, span: Span | undefined, bytes: Uint8Array): ScannedParams {
    if (span === undefined)
      return { payload: Payload.of<JsonObject>({}), target: undefined, meta: undefined, retry: false };
    if (bytes[span.start] !== 0x7b) throw new McpError('invalid_request', '"params" must be an object.');
    const target = this.#target(method);
    const spans = { ...(target ? { target: target.span } : {}), ...(this.#meta ? { meta: this.#meta } : {}) };
    return {
      payload: Payload.json<JsonObject>(bytes.subarray(span.start, span.end), spans),
      target: target?.text,
      meta: this.#values,
      retry: this.#retry,
    };
  }

  #target(method: string): Target | undefined {
    const member = targetMember(method);
    if (member === undefined) return undefined;
    return member === 'ref' ? (this.#targets['ref.name'] ?? this.#targets['ref.uri']) : this.#targets[member];
  }

  #readMember(key: string): void {
    if (key === 'name' || key === 'uri') this.#targets[key] = this.#readTarget();
    else this.#reader.skip();
    if (key === 'requestState' || key === 'inputResponses') this.#retry = true;
  }

  #readRef(): void {
    this.#reader.object((key) => {
      this.#targets[`ref.${key}`] = this.#readTarget();
    }, true);
  }

  #readTarget(): Target {
    const reader = this.#reader;
    const isText = reader.peekByte() === QUOTE;
    const start = reader.pos;
    const text = isText ? (reader.scalar() as string) : undefined;
    if (!isText) reader.skip();
    return { span: this.#span(start), text };
  }

  /** From `start` to where the reader is, counted from the beginning of `params`. */
  #span(start: number): Span {
    return { start: start - this.#base, end: this.#reader.pos - this.#base };
  }

  #readMeta(): void {
    const reader = this.#reader;
    // What is stamped later would stand beside it, as a second "_meta".
    if (reader.peekByte() !== 0x7b) throw new McpError('invalid_envelope', '"_meta" must be an object.');
    const members: Member[] = [];
    const values: Record<string, unknown> = {};
    const span = reader.object((key, start) => {
      reader.peekByte();
      const from = reader.pos;
      if (SCALAR_META.has(key)) values[key] = reader.scalar();
      else reader.skip();
      if (!SCALAR_META.has(key)) values[key] = reader.bytes[from] === 0x7b ? OBJECT : OTHER;
      members.push({ key, start: start - this.#base, value: this.#span(from) });
    }, true);
    this.#meta = { ...this.#span(span.start), members };
    this.#values = values;
  }
}

/** Stands in scanned `_meta` for a value that is an object and was not read. */
export const OBJECT = Symbol('object');
const OTHER = Symbol('other');

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
  if (reader.peekByte() === 0x22) return reader.string();
  reader.skip();
  return null;
}
