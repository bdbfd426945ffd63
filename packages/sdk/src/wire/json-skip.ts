import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts';

/** What a byte means inside of a string: nothing, its end, an escape, nothing that may stand there, or more than ASCII. */
const PLAIN = 0;
const END = 1;
const ESCAPE = 2;
const FORBIDDEN = 3;
const NON_ASCII = 4;

const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x22) return END;
  if (byte === 0x5c) return ESCAPE;
  if (byte < 0x20) return FORBIDDEN;
  return byte > 0x7f ? NON_ASCII : PLAIN;
});

/** What may follow a backslash: how many bytes the escape has; 0 for none. */
const ESCAPE_LENGTH = new Uint8Array(256);
for (const char of '"\\/bfnrt') ESCAPE_LENGTH[char.charCodeAt(0)] = 2;
ESCAPE_LENGTH[0x75] = 6;

const IS_HEX = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-f]/i.test(String.fromCharCode(byte)) ? 1 : 0));

/** From here on a string that is trusted is searched for its end, not read. Unit: bytes. */
const LONG = 48;

/** Levels that fit into the bits of one number. */
const MAX_DEPTH = 30;

/**
 * Finds the end of a value in JSON bytes, and checks the grammar on the way, in a part of the time in which a
 * `JsonReader` does. What it does not accept at once that one reads again, and says what is wrong.
 *
 * @remarks Nothing is allocated: the kinds of the open levels are the bits of a number.
 */
export class JsonSkipper {
  readonly bytes: Uint8Array;
  /** Whether a byte was read that only UTF-8 can explain, or may have been. */
  sawNonAscii = false;
  /** Values that {@link endOf} passed over. */
  protected passed = 0;
  /** Whether no string that {@link stringEnd} read since this was set had an escape or more than ASCII in it. */
  protected isPlain = true;
  readonly #trusts: boolean;
  /** The first backslash from a place on, if it was looked for. */
  #backslash = -1;
  #lookedFrom = 0;
  /** Levels that are open, and a bit for each: whether it is an object. */
  #depth = 0;
  #objects = 0;

  /** @param trusts - whether control characters that break no line are not looked for in long strings */
  constructor(bytes: Uint8Array, trusts: boolean) {
    this.bytes = bytes;
    this.#trusts = trusts;
  }

  /** @returns where the value that starts at `start` ends; -1 if there is none, or it is beyond the limits */
  protected endOf(start: number, maxDepth: number, maxElements: number): number {
    const { bytes } = this;
    const deepest = Math.min(maxDepth, MAX_DEPTH);
    this.#depth = 0;
    let pos = start;
    for (let passed = 1; passed <= maxElements; passed++) {
      pos = this.spaceEnd(pos);
      const byte = bytes[pos];
      if (byte === QUOTE) pos = this.#nextAfter(this.stringEnd(pos + 1));
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) pos = this.#firstIn(pos, deepest);
      else pos = this.#nextAfter(this.#scalarEnd(pos));
      this.passed = passed;
      if (pos < 0 || this.#depth === 0) return pos;
    }
    return -1;
  }

  /** @returns where the first value in an object or array starts; of an empty one, what {@link #nextAfter} returns */
  #firstIn(pos: number, deepest: number): number {
    const isObject = this.bytes[pos] === OPEN_BRACE;
    if (++this.#depth > deepest) return -1;
    this.#objects = (this.#objects << 1) | (isObject ? 1 : 0);
    const first = this.spaceEnd(pos + 1);
    if (this.bytes[first] === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return this.#nextAfter(first);
    return isObject ? this.#keyEnd(first) : first;
  }

  /** @returns where the value that follows the one which ended at `end` starts; where the outermost ends if none does */
  #nextAfter(end: number): number {
    let pos = end;
    while (pos >= 0 && this.#depth > 0) {
      pos = this.spaceEnd(pos);
      const isObject = (this.#objects & 1) === 1;
      const byte = this.bytes[pos++];
      if (byte === COMMA) return isObject ? this.#keyEnd(this.spaceEnd(pos)) : pos;
      if (byte !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return -1;
      this.#depth--;
      this.#objects >>= 1;
    }
    return pos;
  }

  /** Where the white space that may start at `start` ends. */
  protected spaceEnd(start: number): number {
    return (this.bytes[start] ?? 0) > 0x20 ? start : this.#spaceEnd(start);
  }

  #spaceEnd(start: number): number {
    const { bytes } = this;
    let pos = start;
    for (let byte = bytes[pos]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;) byte = bytes[++pos];
    return pos;
  }

  /**
   * @param start - behind the opening quote
   * @param trusts - whether the rest of a long one is searched for its end, not read
   * @returns where what follows the closing quote starts; -1 if it is no string
   */
  protected stringEnd(start: number, trusts = this.#trusts): number {
    const { bytes } = this;
    for (let pos = start; ;) {
      if (trusts) pos = this.#trustedEnd(start, pos);
      // Behind the last byte there is none that is plain.
      else while (IN_STRING[bytes[pos] ?? 0] === PLAIN) pos++;
      if (bytes[pos] === QUOTE) return pos + 1;
      pos = this.#specialEnd(pos);
      if (pos < 0) return -1;
    }
  }

  /** Where something else than plain text is found in the trusted string of `start`. */
  #trustedEnd(start: number, from: number): number {
    const { bytes } = this;
    let pos = from;
    while (pos < start + LONG && IN_STRING[bytes[pos] ?? 0] === PLAIN) pos++;
    return pos < start + LONG ? pos : this.#search(pos);
  }

  #specialEnd(pos: number): number {
    const kind = IN_STRING[this.bytes[pos] ?? 0];
    this.isPlain = false;
    if (kind === ESCAPE) return this.#escapeEnd(pos);
    if (kind !== NON_ASCII) return -1;
    this.sawNonAscii = true;
    return pos + 1;
  }

  /** @returns where the value of the key at `pos` may start; -1 if there is no key */
  #keyEnd(pos: number): number {
    if (this.bytes[pos] !== QUOTE) return -1;
    const end = this.stringEnd(pos + 1, false);
    if (end < 0) return -1;
    const colon = this.spaceEnd(end);
    return this.bytes[colon] === COLON ? colon + 1 : -1;
  }

  #scalarEnd(pos: number): number {
    const byte = this.bytes[pos];
    if (byte === 0x74) return this.#literalEnd(pos, 'true');
    if (byte === 0x66) return this.#literalEnd(pos, 'false');
    if (byte === 0x6e) return this.#literalEnd(pos, 'null');
    return this.#numberEnd(pos);
  }

  #literalEnd(pos: number, text: string): number {
    for (let i = 0; i < text.length; i++) if (this.bytes[pos + i] !== text.charCodeAt(i)) return -1;
    return pos + text.length;
  }

  #numberEnd(start: number): number {
    const { bytes } = this;
    let pos = bytes[start] === 0x2d ? start + 1 : start;
    pos = bytes[pos] === 0x30 ? pos + 1 : this.#digitsEnd(pos);
    if (pos > 0 && bytes[pos] === 0x2e) pos = this.#digitsEnd(pos + 1);
    if (pos < 0 || ((bytes[pos] ?? 0) | 0x20) !== 0x65) return pos;
    const sign = bytes[++pos];
    return this.#digitsEnd(sign === 0x2b || sign === 0x2d ? pos + 1 : pos);
  }

  #digitsEnd(start: number): number {
    const { bytes } = this;
    let pos = start;
    for (let byte = bytes[pos] ?? 0; byte >= 0x30 && byte <= 0x39;) byte = bytes[++pos] ?? 0;
    return pos > start ? pos : -1;
  }

  /** Where the next quote or backslash is, as the machine finds it: it looks at many bytes at a time. */
  #search(pos: number): number {
    const { bytes } = this;
    this.sawNonAscii = true;
    const quote = bytes.indexOf(QUOTE, pos);
    // What was given up is read again from an earlier place.
    if (this.#backslash < pos || pos < this.#lookedFrom) {
      const next = bytes.indexOf(0x5c, pos);
      this.#backslash = next < 0 ? bytes.length : next;
      this.#lookedFrom = pos;
    }
    return quote < 0 ? bytes.length : Math.min(quote, this.#backslash);
  }

  #escapeEnd(pos: number): number {
    const { bytes } = this;
    const length = ESCAPE_LENGTH[bytes[pos + 1] ?? 0] ?? 0;
    if (length === 0) return -1;
    for (let i = 2; i < length; i++) if (IS_HEX[bytes[pos + i] ?? 0] === 0) return -1;
    return pos + length;
  }
}
