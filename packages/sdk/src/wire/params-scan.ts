import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { referenceMember, targetMember } from '../core/methods.ts';
import { Payload, type Span } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import type { JsonReader } from './json-reader.ts';
import { keepMeta, passKnownMeta, type MetaStart, type ScannedMeta } from './known-meta.ts';
import { MetaSpan } from './meta-span.ts';
import { SeenKeys } from './seen-keys.ts';

/** What routing and translation need of `params`, read without parsing the rest. */
export interface ScannedParams {
  readonly payload: Payload<JsonObject>;
  /** What the call is about, decoded. */
  readonly target: string | undefined;
  readonly meta: ScannedMeta | undefined;
  /** Whether this is the retry of a call that asked for input. */
  readonly retry: boolean;
}

/** What a call is about: where it stands, and what it says if it is a string. */
interface Target {
  readonly span: Span;
  readonly text: string | undefined;
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;

/** Collects the offsets that routing needs while `params` is read. */
export class ParamsScan {
  readonly #reader: JsonReader;
  /** Where `params` begins: offsets are counted from there. */
  #base = 0;
  #name: Target | undefined;
  #uri: Target | undefined;
  #taskId: Target | undefined;
  /** Members of `ref`. */
  #reference: Partial<Record<string, Target>> | undefined;
  #meta: Span | undefined;
  #values: ScannedMeta | undefined;
  #retry = false;
  #hasTask = false;

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  read(): Span {
    const reader = this.#reader;
    if (reader.peekByte() !== OPEN_BRACE) return reader.skip();
    this.#base = reader.pos;
    const seen = new SeenKeys();
    if (reader.enterObject())
      do this.#readMember(reader.key(seen));
      while (reader.more());
    return { start: this.#base, end: reader.pos };
  }

  finish(method: string, span: Span, bytes: Uint8Array): ScannedParams {
    if (bytes[span.start] !== OPEN_BRACE) throw new McpError('invalid_request', '"params" must be an object.');
    const target = this.#target(method);
    const params = bytes.subarray(span.start, span.end);
    return {
      payload: Payload.json<JsonObject>(params, {
        target: target?.span,
        meta: this.#meta && new MetaSpan(params, this.#meta),
        hasTask: this.#hasTask,
      }),
      target: target?.text,
      meta: this.#values,
      retry: this.#retry,
    };
  }

  #target(method: string): Target | undefined {
    switch (targetMember(method)) {
      case 'name':
        return this.#name;
      case 'uri':
        return this.#uri;
      case 'taskId':
        return this.#taskId;
      case 'ref':
        return this.#referred();
      case undefined:
        return undefined;
    }
  }

  #referred(): Target | undefined {
    const reference = this.#reference;
    if (!reference) return undefined;
    const value = (key: string): unknown => {
      const target = reference[key];
      return target && (target.text ?? OTHER);
    };
    return reference[referenceMember({ type: value('type'), name: value('name'), uri: value('uri') })];
  }

  #readMember(key: string): void {
    switch (key) {
      case '_meta':
        this.#readMeta();
        return;
      case 'name':
        this.#name = this.#readTarget();
        return;
      case 'uri':
        this.#uri = this.#readTarget();
        return;
      case 'taskId':
        this.#taskId = this.#readTarget();
        return;
      case 'ref':
        this.#readReference();
        return;
      case 'requestState':
      case 'inputResponses':
        this.#retry = true;
        break;
      case 'task':
        this.#hasTask = true;
        break;
    }
    this.#reader.pass();
  }

  #readReference(): void {
    const reader = this.#reader;
    if (reader.peekByte() !== OPEN_BRACE) {
      reader.pass();
      return;
    }
    // No key of the prototype may be taken for one that is there; its type is any.
    const reference = Object.create(null) as Partial<Record<string, Target>>;
    reader.object((key) => {
      reference[key] = this.#readTarget();
    }, true);
    this.#reference = reference;
  }

  #readTarget(): Target {
    const reader = this.#reader;
    const isText = reader.peekByte() === QUOTE;
    const start = reader.pos;
    const text = isText ? (reader.scalar() as string) : undefined;
    if (!isText) reader.pass();
    return { span: { start: start - this.#base, end: reader.pos - this.#base }, text };
  }

  #readMeta(): void {
    const reader = this.#reader;
    // What is stamped later would stand beside it, as a second "_meta".
    if (reader.peekByte() !== OPEN_BRACE) throw new McpError('invalid_envelope', '"_meta" must be an object.');
    const { pos: start, elements } = reader;
    this.#values = passKnownMeta(reader) ?? this.#readNewMeta({ start, elements });
    this.#meta = { start: start - this.#base, end: reader.pos - this.#base };
  }

  #readNewMeta(from: MetaStart): ScannedMeta {
    const reader = this.#reader;
    const values = noMeta();
    const seen = new SeenKeys();
    let isUsual = true;
    if (reader.enterObject())
      do {
        const key = reader.key(seen);
        isUsual &&= ENVELOPE.has(key);
        this.#readMetaMember(key, values);
      } while (reader.more());
    if (isUsual) keepMeta(reader, values, from);
    return values;
  }

  #readMetaMember(key: string, values: Writable<ScannedMeta>): void {
    const reader = this.#reader;
    switch (key) {
      case META.protocolVersion:
        values.protocolVersion = reader.scalar();
        return;
      case META.progressToken:
        values.progressToken = reader.scalar();
        return;
      case META.logLevel:
        values.logLevel = reader.scalar();
        return;
      case META.subscriptionId:
        values.subscriptionId = reader.scalar();
        return;
      case META.clientCapabilities:
        values.clientCapabilities = reader.peekByte() === OPEN_BRACE ? 'object' : 'other';
        reader.pass();
        return;
      default:
        reader.pass();
    }
  }
}

/** What a client says alike in all its calls; a token of progress or a trace is another one each time. */
const ENVELOPE: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
]);

/** While it is read. */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const noMeta = (): Writable<ScannedMeta> => ({
  protocolVersion: undefined,
  progressToken: undefined,
  logLevel: undefined,
  subscriptionId: undefined,
  clientCapabilities: undefined,
});

/** Stands for a part of a reference that is there and is no text. */
const OTHER = Symbol('other');
