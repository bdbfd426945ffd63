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

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/** Levels that fit into the bits of one number. */
const MAX_DEPTH = 30;

/** From here on a string is searched for its end, not read. Unit: bytes. */
const LONG = 48;

/**
 * Finds the end of a value in JSON bytes, and checks the grammar on the way, in a third of the time in which a
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
  readonly #trusts: boolean;
  /** The next backslash, if it was looked for. */
  #backslash = -1;
  /** Levels that are open, and a bit for each: whether it is an object. */
  #open = 0;
  #objects = 0;

  /** @param trusts - whether control characters that break no line are not looked for in long strings */
  constructor(bytes: Uint8Array, trusts: boolean) {
    this.bytes = bytes;
    this.#trusts = trusts;
  }

  /** @returns where the value that starts at `start` ends; -1 if there is none, or it is beyond the limits */
  protected endOf(start: number, maxDepth: number, maxElements: number): number {
    const deepest = Math.min(maxDepth, MAX_DEPTH);
    this.#open = 0;
    this.passed = 0;
    for (let pos = start; ;) {
      pos = this.#space(pos);
      if (++this.passed > maxElements) return -1;
      const isNested = this.bytes[pos] === OPEN_BRACE || this.bytes[pos] === OPEN_BRACKET;
      pos = isNested ? this.#enter(pos, deepest) : this.#behind(this.#scalar(pos));
      if (pos < 0 || this.#open === 0) return pos;
    }
  }

  /** @returns where the first value in an object or array starts; of an empty one, what {@link #behind} returns */
  #enter(pos: number, deepest: number): number {
    const opening = this.bytes[pos];
    const first = this.#space(pos + 1);
    if (++this.#open > deepest) return -1;
    this.#objects = (this.#objects << 1) | (opening === OPEN_BRACE ? 1 : 0);
    if (this.bytes[first] === this.#closing) return this.#behind(first);
    return opening === OPEN_BRACE ? this.#key(first) : first;
  }

  /** @returns where the value that follows the one which ended at `pos` starts; where the outermost ends if none does */
  #behind(pos: number): number {
    if (pos < 0) return -1;
    let at = pos;
    while (this.#open > 0) {
      at = this.#space(at);
      if (this.bytes[at] === COMMA) return this.#isObject ? this.#key(this.#space(at + 1)) : at + 1;
      if (this.bytes[at] !== this.#closing) return -1;
      at++;
      this.#open--;
      this.#objects >>= 1;
    }
    return at;
  }

  get #isObject(): boolean {
    return (this.#objects & 1) === 1;
  }

  get #closing(): number {
    return this.#isObject ? CLOSE_BRACE : CLOSE_BRACKET;
  }

  #space(at: number): number {
    const { bytes } = this;
    let pos = at;
    for (let byte = bytes[pos]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;) byte = bytes[++pos];
    return pos;
  }

  /** @returns where the value of the key at `pos` may start */
  #key(pos: number): number {
    if (this.bytes[pos] !== 0x22) return -1;
    const end = this.#string(pos + 1);
    if (end < 0) return -1;
    const colon = this.#space(end);
    return this.bytes[colon] === 0x3a ? colon + 1 : -1;
  }

  #scalar(pos: number): number {
    const byte = this.bytes[pos];
    if (byte === 0x22) return this.#string(pos + 1);
    if (byte === 0x74) return this.#literal(pos, 'true');
    if (byte === 0x66) return this.#literal(pos, 'false');
    if (byte === 0x6e) return this.#literal(pos, 'null');
    return this.#number(pos);
  }

  #literal(pos: number, text: string): number {
    for (let i = 0; i < text.length; i++) if (this.bytes[pos + i] !== text.charCodeAt(i)) return -1;
    return pos + text.length;
  }

  #number(start: number): number {
    const { bytes } = this;
    let pos = bytes[start] === 0x2d ? start + 1 : start;
    pos = bytes[pos] === 0x30 ? pos + 1 : this.#digits(pos);
    if (pos > 0 && bytes[pos] === 0x2e) pos = this.#digits(pos + 1);
    if (pos < 0 || ((bytes[pos] ?? 0) | 0x20) !== 0x65) return pos;
    const sign = bytes[++pos];
    return this.#digits(sign === 0x2b || sign === 0x2d ? pos + 1 : pos);
  }

  #digits(start: number): number {
    const { bytes } = this;
    let pos = start;
    for (let byte = bytes[pos] ?? 0; byte >= 0x30 && byte <= 0x39;) byte = bytes[++pos] ?? 0;
    return pos > start ? pos : -1;
  }

  /** @param start - behind the opening quote @returns where what follows the closing one starts */
  #string(start: number): number {
    for (let pos = this.#plain(start); ; pos = this.#plain(pos)) {
      // Behind the last byte there is no kind.
      const kind = IN_STRING[this.bytes[pos] ?? 0];
      if (kind === END) return pos + 1;
      if (kind === ESCAPE) {
        pos = this.#escape(pos);
        if (pos < 0) return -1;
      } else if (kind === NON_ASCII) {
        this.sawNonAscii = true;
        pos++;
      } else return -1;
    }
  }

  /** Where plain text that starts at `start` ends. */
  #plain(start: number): number {
    const { bytes } = this;
    const limit = this.#trusts ? Math.min(start + LONG, bytes.length) : bytes.length;
    let pos = start;
    while (pos < limit && IN_STRING[bytes[pos] ?? 0] === PLAIN) pos++;
    return pos < start + LONG || !this.#trusts ? pos : this.#search(pos);
  }

  /** Where the next quote or backslash is, as the machine finds it: it looks at many bytes at a time. */
  #search(pos: number): number {
    const { bytes } = this;
    this.sawNonAscii = true;
    const quote = bytes.indexOf(0x22, pos);
    if (this.#backslash < pos) {
      const next = bytes.indexOf(0x5c, pos);
      this.#backslash = next < 0 ? bytes.length : next;
    }
    return quote < 0 ? bytes.length : Math.min(quote, this.#backslash);
  }

  #escape(pos: number): number {
    const { bytes } = this;
    const length = ESCAPE_LENGTH[bytes[pos + 1] ?? 0] ?? 0;
    if (length === 0) return -1;
    for (let i = 2; i < length; i++) if (IS_HEX[bytes[pos + i] ?? 0] === 0) return -1;
    return pos + length;
  }
}
