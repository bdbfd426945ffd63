import { McpError } from '../core/errors.ts';
import type { Span } from '../core/payload.ts';
import { internedText } from './interned-text.ts';
import { JsonSkipper } from './json-skip.ts';

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
   * Whether a long text may hold control characters that break no line, where an escape should stand: looking at each of
   * its bytes is most of what reading it costs. @defaultValue false
   */
  readonly trustsText?: boolean;
}

/** {@link JsonLimits} when nothing else is said. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 64, maxElements: 100_000 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LITERALS: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' };
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Walks JSON bytes without building values: checks the grammar (RFC 8259) and the limits, reports offsets.
 *
 * @remarks Ours because it is the hot path: the whole body is checked once and nothing is allocated but the keys.
 * A reader that skipped the grammar would let an upstream read another name than the one that was authorised.
 * @throws McpError `parse_error` for bad JSON, `invalid_request` over a limit or for a key that stands twice
 */
export class JsonReader extends JsonSkipper {
  pos: number;
  readonly #limits: JsonLimits;
  #depth = 0;
  #elements = 0;

  constructor(bytes: Uint8Array, limits: ReadTerms = DEFAULT_JSON_LIMITS, pos = 0) {
    super(bytes, limits.trustsText === true && mayTrust(bytes));
    this.#limits = limits;
    this.pos = pos;
  }

  /** The byte of the next value, with white space skipped; -1 at the end. */
  peekByte(): number {
    const { bytes } = this;
    let byte = bytes[this.pos];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.pos];
    return byte ?? -1;
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
    const { maxDepth, maxElements } = this.#limits;
    const end = this.endOf(this.pos, maxDepth - this.#depth, maxElements - this.#elements);
    if (end >= 0) {
      this.pos = end;
      this.#elements += this.passed;
    } else if (byte === 0x7b) this.#passObject();
    else if (byte === 0x5b) this.#passArray();
    else this.#scalar(byte);
  }

  /**
   * Reads an object; `member` must consume the value of each key.
   * @param unique - refuse a key that stands twice: what routes a call must have one reading
   */
  object(member: (key: string, keyStart: number) => void, unique = false): Span {
    const start = this.#open(0x7b);
    const seen = unique ? new SeenKeys() : undefined;
    if (this.peekByte() !== 0x7d)
      do {
        if (this.peekByte() !== QUOTE) throw this.#unexpected('a key');
        const keyStart = this.pos;
        const key = this.string();
        seen?.add(key);
        this.#expect(0x3a, '":"');
        member(key, keyStart);
      } while (this.#more(0x7d));
    this.#close();
    return { start, end: this.pos };
  }

  /** Reads an array; `element` must consume each value. */
  array(element: () => void): Span {
    const start = this.#open(0x5b);
    if (this.peekByte() !== 0x5d)
      do element();
      while (this.#more(0x5d));
    this.#close();
    return { start, end: this.pos };
  }

  /** Reads a string and decodes it. */
  string(): string {
    const start = this.pos;
    const plain = this.#skipString();
    const end = this.pos - 1;
    const known = plain ? internedText(this.bytes, start + 1, end) : undefined;
    if (known !== undefined) return known;
    // A longer one would overflow the stack.
    if (plain && end - start < 256) return fromAscii(this.bytes.subarray(start + 1, end));
    return JSON.parse(this.#decode(this.bytes.subarray(start, this.pos))) as string;
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

  /** Like {@link object}, but the keys are not decoded: nobody asks for them. */
  #passObject(): void {
    this.#open(0x7b);
    if (this.peekByte() !== 0x7d)
      do {
        if (this.peekByte() !== QUOTE) throw this.#unexpected('a key');
        this.#skipString();
        this.#expect(0x3a, '":"');
        this.pass();
      } while (this.#more(0x7d));
    this.#close();
  }

  #passArray(): void {
    this.#open(0x5b);
    if (this.peekByte() !== 0x5d)
      do this.pass();
      while (this.#more(0x5d));
    this.#close();
  }

  #open(byte: number): number {
    if (this.peekByte() !== byte) throw this.#unexpected(byte === 0x7b ? 'an object' : 'an array');
    if (++this.#depth > this.#limits.maxDepth)
      throw new McpError('invalid_request', `The message nests deeper than ${this.#limits.maxDepth} levels.`);
    this.#count();
    return this.pos++;
  }

  #close(): void {
    this.#depth--;
    this.pos++;
  }

  #more(closing: number): boolean {
    const byte = this.peekByte();
    if (byte === closing) return false;
    this.#expect(0x2c, closing === 0x7d ? '"," or "}"' : '"," or "]"');
    this.peekByte();
    return true;
  }

  #expect(byte: number, what: string): void {
    if (this.peekByte() !== byte) throw this.#unexpected(what);
    this.pos++;
  }

  #scalar(byte: number): void {
    this.#count();
    if (byte === QUOTE) this.#skipString();
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#skipNumber();
    else this.#skipLiteral(byte);
  }

  #count(): void {
    if (++this.#elements > this.#limits.maxElements)
      throw new McpError('invalid_request', `The message has more than ${this.#limits.maxElements} values.`);
  }

  /** Returns whether the string is plain: ASCII without escapes. */
  #skipString(): boolean {
    const { bytes } = this;
    let plain = true;
    let pos = this.pos + 1;
    for (;;) {
      const byte = bytes[pos];
      if (byte === QUOTE) break;
      if (byte === undefined || byte < 0x20) throw this.#unexpected('a string', pos);
      if (byte === BACKSLASH) {
        plain = false;
        pos = this.#skipEscape(pos);
      } else {
        if (byte > 0x7e) {
          plain = false;
          this.sawNonAscii ||= byte > 0x7f;
        }
        pos++;
      }
    }
    this.pos = pos + 1;
    return plain;
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

/** More keys than this are looked up; so few are compared one by one, which is faster. */
const MAX_COMPARED = 16;

/** The keys of one object. */
class SeenKeys {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** @throws McpError `invalid_request` if it is there already */
  add(key: string): void {
    if (this.#many ? this.#many.has(key) : this.#few.includes(key))
      throw new McpError('invalid_request', `The key "${key.slice(0, 40)}" stands twice.`);
    if (this.#many) this.#many.add(key);
    else if (this.#few.push(key) > MAX_COMPARED) this.#many = new Set(this.#few);
  }
}

/** Spreading would walk an iterator: on the 20 keys of a request that is 5 % of all the gateway does. */
const fromAscii = (bytes: Uint8Array): string => Reflect.apply(String.fromCharCode, null, bytes) as string;

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

/** A line break would be one on a pipe or in an event, too. Short messages are read as quickly. */
const mayTrust = (bytes: Uint8Array): boolean =>
  bytes.length > 256 && bytes.indexOf(0x0a) < 0 && bytes.indexOf(0x0d) < 0;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

/** Node checks bytes without decoding them, in a tenth of the time. Other runtimes may have no `process`, or another one. */
const { process } = globalThis as { process?: Partial<NodeJS.Process> };
const native = process?.getBuiltinModule?.('node:buffer').isUtf8;

/** Whether `bytes` are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  if (native) return native(bytes);
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
