import { McpError } from '../core/errors.ts';
import type { WireJson } from './encode.ts';

const NEWLINE = 0x0a;
const decoder = new TextDecoder();

/** Cuts a stream of bytes into newline-delimited messages (stdio transport, "Sending Messages"). */
export class LineSplitter {
  readonly #maxBytes: number;
  #rest: Uint8Array[] = [];
  #length = 0;

  /** @param maxBytes - how long one line may be */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes and returns the lines that they complete; empty lines are dropped.
   * @throws McpError `payload_too_large` when a line is longer than allowed
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      if (line.length > 0 && !(line.length === 1 && line[0] === 0x0d)) lines.push(line);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #complete(tail: Uint8Array): Uint8Array {
    if (this.#length === 0) return tail;
    const line = new Uint8Array(this.#length + tail.length);
    let offset = 0;
    for (const part of this.#rest) {
      line.set(part, offset);
      offset += part.length;
    }
    line.set(tail, offset);
    this.#rest = [];
    this.#length = 0;
    return line;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#rest.push(rest);
    this.#length += rest.length;
    if (this.#length > this.#maxBytes)
      throw new McpError('payload_too_large', `A message is longer than ${this.#maxBytes} bytes.`);
  }
}

/** A message as one line. JSON has raw newlines only between tokens, where a space means the same. */
export function encodeLine(json: WireJson): WireJson {
  if (typeof json !== 'string' && !json.includes(NEWLINE)) {
    const line = new Uint8Array(json.length + 1);
    line.set(json);
    line[json.length] = NEWLINE;
    return line;
  }
  const text = typeof json === 'string' ? json : decoder.decode(json);
  return `${text.includes('\n') ? text.replaceAll('\n', ' ') : text}\n`;
}
