import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { referenceMember, targetMember } from '../core/methods.ts';
import { Payload, type Member, type Span } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import type { JsonReader } from './json-reader.ts';

/** What routing and translation need of `params`, read without parsing the rest. */
export interface ScannedParams {
  readonly payload: Payload<JsonObject>;
  /** What the call is about, decoded. */
  readonly target: string | undefined;
  readonly meta: ScannedMeta | undefined;
  /** Whether this is the retry of a call that asked for input. */
  readonly retry: boolean;
}

/** What every request says in `_meta`; undefined where it is not there. One shape for all, for it is on the hot path. */
export interface ScannedMeta {
  protocolVersion: unknown;
  progressToken: unknown;
  logLevel: unknown;
  subscriptionId: unknown;
  /** What kind of value it is; it was not read. */
  clientCapabilities: 'object' | 'other' | undefined;
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
  readonly #targets: Partial<Record<string, Target>> = {};
  /** Where `params` begins: offsets are counted from there. */
  #base = 0;
  #meta: (Span & { members: Member[] }) | undefined;
  #values: ScannedMeta | undefined;
  #retry = false;
  #hasTask = false;
  #hasReference = false;

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  read(): Span {
    const reader = this.#reader;
    if (reader.peekByte() !== OPEN_BRACE) return reader.skip();
    this.#base = reader.pos;
    return reader.object((key) => {
      if (key === '_meta') this.#readMeta();
      else if (key === 'ref' && reader.peekByte() === OPEN_BRACE) this.#readRef();
      else this.#readMember(key);
    }, true);
  }

  finish(method: string, span: Span, bytes: Uint8Array): ScannedParams {
    if (bytes[span.start] !== OPEN_BRACE) throw new McpError('invalid_request', '"params" must be an object.');
    const target = this.#target(method);
    return {
      payload: Payload.json<JsonObject>(bytes.subarray(span.start, span.end), {
        target: target?.span,
        meta: this.#meta,
        hasTask: this.#hasTask,
      }),
      target: target?.text,
      meta: this.#values,
      retry: this.#retry,
    };
  }

  #target(method: string): Target | undefined {
    const member = targetMember(method);
    if (member === undefined) return undefined;
    return member === 'ref' ? this.#reference() : this.#targets[member];
  }

  #reference(): Target | undefined {
    if (!this.#hasReference) return undefined;
    const value = (key: string): unknown => {
      const target = this.#targets[`ref.${key}`];
      return target && (target.text ?? OTHER);
    };
    return this.#targets[`ref.${referenceMember({ type: value('type'), name: value('name'), uri: value('uri') })}`];
  }

  #readMember(key: string): void {
    if (key === 'name' || key === 'uri' || key === 'taskId') this.#targets[key] = this.#readTarget();
    else this.#reader.pass();
    if (key === 'requestState' || key === 'inputResponses') this.#retry = true;
    else if (key === 'task') this.#hasTask = true;
  }

  #readRef(): void {
    this.#hasReference = true;
    this.#reader.object((key) => {
      this.#targets[`ref.${key}`] = this.#readTarget();
    }, true);
  }

  #readTarget(): Target {
    const reader = this.#reader;
    const isText = reader.peekByte() === QUOTE;
    const start = reader.pos;
    const text = isText ? (reader.scalar() as string) : undefined;
    if (!isText) reader.pass();
    return { span: this.#span(start), text };
  }

  /** From `start` to where the reader is, counted from the beginning of `params`. */
  #span(start: number): Span {
    return { start: start - this.#base, end: this.#reader.pos - this.#base };
  }

  #readMeta(): void {
    const reader = this.#reader;
    // What is stamped later would stand beside it, as a second "_meta".
    if (reader.peekByte() !== OPEN_BRACE) throw new McpError('invalid_envelope', '"_meta" must be an object.');
    const members: Member[] = [];
    const values = noMeta();
    const span = reader.object((key, start) => {
      reader.peekByte();
      const from = reader.pos;
      this.#readMetaMember(key, values);
      members.push({ key, start: start - this.#base, value: this.#span(from) });
    }, true);
    this.#meta = { start: span.start - this.#base, end: span.end - this.#base, members };
    this.#values = values;
  }

  #readMetaMember(key: string, values: ScannedMeta): void {
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

const noMeta = (): ScannedMeta => ({
  protocolVersion: undefined,
  progressToken: undefined,
  logLevel: undefined,
  subscriptionId: undefined,
  clientCapabilities: undefined,
});

/** Stands for a part of a reference that is there and is no text. */
const OTHER = Symbol('other');
