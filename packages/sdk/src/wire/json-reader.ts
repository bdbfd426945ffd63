import { McpError } from '../core/errors.ts';
import type { Span } from '../core/payload.ts';
import { KNOWN_TEXTS, knownText } from './interned-text.ts';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts';
import { JsonSkipper } from './json-skip.ts';
import { SeenKeys } from './seen-keys.ts';

/** What untrusted JSON may be at most. */
export interface JsonLimits {
  /** Levels of nesting, from 1. @defaultValue 64: deeper than any schema in use, far below what overflows a stack */
  readonly maxDepth: number;
  /** Values in one message, from 1. @defaultValue 100_000: a 4 MiB body of empty arrays would be over a million objects */
  readonly maxElements: number;
}

/** How JSON of a server that was configured is read. */
export interface ReadTerms extends JsonLimits {
  /**
   * Whether texts may hold control characters that break no line, where escapes should stand, behind their first 48
   * bytes: looking at each byte is most of what reading costs. It holds for messages of more than 256 bytes, or for short
   * ones too, where what was read before is read again. Keys are always looked at. @defaultValue false
   */
  readonly trustsText?: boolean | 'short ones too';
}

/** {@link JsonLimits} when nothing else is said. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 64, maxElements: 100_000 };

const LITERALS: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' };
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Walks JSON bytes without building values: checks the grammar (RFC 8259) and the limits, reports offsets. What may pass
 * of texts that are trusted, {@link ReadTerms.trustsText} says.
 *
 * @remarks Ours because it is the hot path: the whole body is checked once and nothing is allocated but the keys.
 * A reader that skipped the grammar would let an upstream read another name than the one that was authorised.
 * @throws McpError `parse_error` for bad JSON, `invalid_request` over a limit or for a key that stands twice
 */
export class JsonReader extends JsonSkipper {
  pos: number;
  /** Where the key that was read last starts. */
  keyStart = 0;
  readonly limits: JsonLimits;
  /** Values that were read. */
  elements = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, limits: ReadTerms = DEFAULT_JSON_LIMITS, pos = 0) {
    super(bytes, mayTrust(bytes, limits.trustsText));
    this.limits = limits;
    this.pos = pos;
  }

  /** The byte of the next value, with white space skipped; -1 at the end. */
  peekByte(): number {
    this.pos = this.spaceEnd(this.pos);
    return this.bytes[this.pos] ?? -1;
  }

  /** Reads past one value and says where it was. */
  skip(): Span {
    this.peekByte();
    const start = this.pos;
    this.pass();
    return { start, end: this.pos };
  }

  /** Reads past one value. */
  pass(): void {
    const byte = this.peekByte();
    const { maxDepth, maxElements } = this.limits;
    const end = this.endOf(this.pos, maxDepth - this.#depth, maxElements - this.elements);
    if (end >= 0) {
      this.pos = end;
      this.elements += this.passed;
    } else if (byte === OPEN_BRACE) this.#passObject();
    else if (byte === OPEN_BRACKET) this.#passArray();
    else this.#scalar(byte);
  }

  /** Passes over a value that was read before. @returns false, and does nothing, if its values are too many for the limit */
  passAgain(length: number, elements: number): boolean {
    if (this.elements + elements > this.limits.maxElements) return false;
    this.elements += elements;
    this.pos += length;
    return true;
  }

  /**
   * Reads an object; `member` must consume the value of each key.
   * @param unique - refuse a key that stands twice: what routes a call must have one reading
   */
  object(member: (key: string, keyStart: number) => void, unique = false): Span {
    this.peekByte();
    const start = this.pos;
    const seen = unique ? new SeenKeys() : undefined;
    if (this.enterObject())
      do {
        const key = this.key(seen);
        member(key, this.keyStart);
      } while (this.more());
    return { start, end: this.pos };
  }

  /**
   * Goes into an object, to its first key:
   * `if (reader.enterObject()) do { const key = reader.key(); … } while (reader.more())`.
   *
   * @returns whether there is one; it is left again if not
   */
  enterObject(): boolean {
    this.#open(OPEN_BRACE);
    if (this.peekByte() !== CLOSE_BRACE) return true;
    this.#close();
    return false;
  }

  /** Goes on to the next key of the object whose value was read. @returns whether there is one; the object is left if not */
  more(): boolean {
    return this.#more(CLOSE_BRACE);
  }

  /** Reads a key; its value must be read next. @param seen - the keys of the object so far; one may not stand twice */
  key(seen?: SeenKeys): string {
    const start = this.spaceEnd(this.pos);
    this.keyStart = start;
    this.pos = start;
    if (this.bytes[start] !== QUOTE) throw this.#unexpected('a key');
    const number = this.#passText();
    // An array that is asked for -1 takes longer than all the rest.
    const key = number < 0 ? this.#textFrom(start) : (KNOWN_TEXTS[number] ?? '');
    // One that is spelt with escapes is the same key.
    if (seen?.add(key, this.isPlain ? number : KNOWN_TEXTS.indexOf(key)) === false)
      throw new McpError('invalid_request', `The key "${key.slice(0, 40)}" stands twice.`);
    this.#expect(COLON, '":"');
    return key;
  }

  /** Reads an array; `element` must consume each value. */
  array(element: () => void): Span {
    const start = this.#open(OPEN_BRACKET);
    if (this.peekByte() !== CLOSE_BRACKET)
      do element();
      while (this.#more(CLOSE_BRACKET));
    else this.#close();
    return { start, end: this.pos };
  }

  /** Reads a string and decodes it. */
  string(): string {
    const start = this.pos;
    const number = this.#passText();
    return number < 0 ? this.#textFrom(start) : (KNOWN_TEXTS[number] ?? '');
  }

  /** Reads a value that must be short, such as an id, and parses it. */
  scalar(): unknown {
    if (this.peekByte() === QUOTE) {
      this.#count();
      return this.string();
    }
    const { start, end } = this.skip();
    return (
      smallInteger(this.bytes, start, end) ?? (JSON.parse(this.#decode(this.bytes.subarray(start, end))) as unknown)
    );
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.peekByte() !== -1) throw this.#unexpected('the end');
  }

  #decode(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new McpError('parse_error', 'The message is not UTF-8.');
    }
  }

  /** The text of the string from `start` to where the reader is. */
  #textFrom(start: number): string {
    // A longer one would overflow the stack.
    if (this.isPlain && this.pos - start < 256) return fromAscii(this.bytes, start + 1, this.pos - 1);
    return JSON.parse(this.#decode(this.bytes.subarray(start, this.pos))) as string;
  }

  /** Passes over the string that starts here. @returns its number if it is one that is well known, otherwise -1 */
  #passText(): number {
    const start = this.pos + 1;
    this.#passString();
    return this.isPlain ? knownText(this.bytes, start, this.pos - 1) : -1;
  }

  /** Passes over the string that starts here, and finds out whether it is plain: ASCII without escapes. */
  #passString(): void {
    this.isPlain = true;
    const end = this.stringEnd(this.pos + 1, false);
    if (end < 0) this.#refuseString();
    this.pos = end;
  }

  /** Like {@link object}, but the keys are not decoded: nobody asks for them. */
  #passObject(): void {
    if (this.enterObject())
      do {
        if (this.peekByte() !== QUOTE) throw this.#unexpected('a key');
        this.#passString();
        this.#expect(COLON, '":"');
        this.pass();
      } while (this.more());
  }

  #passArray(): void {
    this.array(() => {
      this.pass();
    });
  }

  #open(byte: number): number {
    if (this.peekByte() !== byte) throw this.#unexpected(byte === OPEN_BRACE ? 'an object' : 'an array');
    if (++this.#depth > this.limits.maxDepth)
      throw new McpError('invalid_request', `The message nests deeper than ${this.limits.maxDepth} levels.`);
    this.#count();
    return this.pos++;
  }

  #close(): void {
    this.#depth--;
    this.pos++;
  }

  #more(closing: number): boolean {
    const byte = this.peekByte();
    if (byte === COMMA) {
      this.pos++;
      return true;
    }
    if (byte !== closing) throw this.#unexpected(closing === CLOSE_BRACE ? '"," or "}"' : '"," or "]"');
    this.#close();
    return false;
  }

  #expect(byte: number, what: string): void {
    if (this.peekByte() !== byte) throw this.#unexpected(what);
    this.pos++;
  }

  #scalar(byte: number): void {
    this.#count();
    if (byte === QUOTE) this.#passString();
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#skipNumber();
    else this.#skipLiteral(byte);
  }

  #count(): void {
    if (++this.elements > this.limits.maxElements)
      throw new McpError('invalid_request', `The message has more than ${this.limits.maxElements} values.`);
  }

  /** Says what is wrong with the string that starts here. */
  #refuseString(): never {
    const { bytes } = this;
    for (let pos = this.pos + 1; ;) {
      const byte = bytes[pos] ?? 0;
      if (byte < 0x20) throw this.#unexpected('a string', pos);
      pos = byte === BACKSLASH ? this.#skipEscape(pos) : pos + 1;
    }
  }

  #skipEscape(pos: number): number {
    const kind = this.bytes[pos + 1];
    if (kind === 0x75) {
      for (let i = 2; i < 6; i++) if (!isHex(this.bytes[pos + i])) throw this.#unexpected('four hex digits', pos + i);
      return pos + 6;
    }
    // " \ / b f n r t
    if (kind !== undefined && '"\\/bfnrt'.includes(String.fromCharCode(kind))) return pos + 2;
    throw this.#unexpected('an escape', pos + 1);
  }

  #skipNumber(): void {
    if (this.bytes[this.pos] === 0x2d) this.pos++;
    if (this.bytes[this.pos] === 0x30) this.pos++;
    else this.#digits();
    if (this.bytes[this.pos] === 0x2e) {
      this.pos++;
      this.#digits();
    }
    const exponent = this.bytes[this.pos];
    if (exponent !== 0x65 && exponent !== 0x45) return;
    const sign = this.bytes[++this.pos];
    if (sign === 0x2b || sign === 0x2d) this.pos++;
    this.#digits();
  }

  #digits(): void {
    const start = this.pos;
    while (isDigit(this.bytes[this.pos])) this.pos++;
    if (this.pos === start) throw this.#unexpected('a digit');
  }

  #skipLiteral(byte: number): void {
    const literal = LITERALS[byte];
    if (literal === undefined) throw this.#unexpected('a value');
    for (const char of literal) if (this.bytes[this.pos++] !== char.charCodeAt(0)) throw this.#unexpected(literal);
  }

  #unexpected(wanted: string, at = this.pos): McpError {
    const got = at < this.bytes.length ? `byte ${at}` : 'the end of the message';
    return new McpError('parse_error', `The message is not JSON: expected ${wanted} at ${got}.`);
  }
}

/** Bytes of Node, which have a quicker way to become text. */
type NodeBytes = Uint8Array & { latin1Slice?(start: number, end: number): string };

/** Spreading would walk an iterator: on the 20 keys of a request that is 5 % of all the gateway does. */
const fromAscii = (bytes: NodeBytes, start: number, end: number): string =>
  bytes.latin1Slice?.(start, end) ?? (Reflect.apply(String.fromCharCode, null, bytes.subarray(start, end)) as string);

/** The integer that so many digits spell, without a text being made. */
function smallInteger(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 15) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Shorter messages are read as quickly. Unit: bytes. */
const LONG = 256;

/** A line break would be one on a pipe or in an event, too. */
const mayTrust = (bytes: Uint8Array, trusts: ReadTerms['trustsText'] = false): boolean =>
  trusts !== false &&
  (bytes.length > LONG || trusts === 'short ones too') &&
  bytes.indexOf(0x0a) < 0 &&
  bytes.indexOf(0x0d) < 0;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));
