import { connect, type Socket } from 'node:net';

/** Digits of an id: all ids are as long as each other, so the head of a request stays the same. */
export const ID_DIGITS = 12;
/** Stands for the id in a request. */
export const ID_MARK = '#'.repeat(ID_DIGITS);

const FIRST_ID = 10 ** (ID_DIGITS - 1);
const IDS_PER_CONNECTION = 1e7;
let connectionsMade = 0;

/** How to tell a good answer. `constant` is one that does not repeat the id. */
export type Expected = 'answer' | 'constant';

/** Makes the bytes of a POST; {@link ID_MARK} stands in its body. */
export function postOf(url: URL, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const head = Object.entries({ Host: url.host, ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  const lines = head.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * One connection that sends a request again and again, each time with another id.
 *
 * @remarks Written on sockets, with the request made once and answers looked at as bytes, each in the place where it was
 * received: the generator must cost less than the server that it measures.
 */
export class Connection {
  readonly connected: Promise<void>;
  /** Rejects when the connection is lost before {@link Connection.close}. */
  readonly lost: Promise<never>;
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #idAt: number;
  readonly #expected: Expected;
  #nextId: number;
  #storage = Buffer.allocUnsafe(32_768);
  #received = 0;
  /** Bytes of the answer that is coming in; 0 while unknown. */
  #total = 0;
  #onAnswer: (isGood: boolean) => void = () => undefined;

  constructor(url: URL, request: Buffer, expected: Expected = 'answer') {
    this.#nextId = FIRST_ID + connectionsMade++ * IDS_PER_CONNECTION;
    this.#request = Buffer.from(request);
    this.#idAt = request.indexOf(ID_MARK);
    this.#expected = expected;
    const onread = { buffer: () => this.#free(), callback: (bytes: number) => this.#receive(bytes) };
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread });
    this.connected = new Promise((resolve, reject) => this.#socket.once('connect', resolve).once('error', reject));
    this.lost = new Promise((_, reject) => {
      const fail = (): void => reject(new Error('the server closed a connection'));
      this.#socket.on('error', reject).once('end', fail);
    });
    // Who measures waits for it; a connection that is only opened has nobody to tell.
    this.lost.catch(() => undefined);
  }

  /** Sends the request under the next id. @param onAnswer - told when the whole answer is there */
  send(onAnswer: (isGood: boolean) => void): void {
    this.#onAnswer = onAnswer;
    this.#request.write(String(this.#nextId++), this.#idAt, 'latin1');
    // Nobody writes into it before the answer is there, so that it needs no copy.
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #free(): Buffer {
    if (this.#received === this.#storage.length)
      this.#storage = Buffer.concat([this.#storage], this.#storage.length * 2);
    return this.#received === 0 ? this.#storage : this.#storage.subarray(this.#received);
  }

  #receive(bytes: number): boolean {
    this.#received += bytes;
    this.#total ||= totalOf(this.#storage, this.#received);
    if (this.#isWhole()) {
      const isGood = this.#isGood();
      this.#received = 0;
      this.#total = 0;
      this.#onAnswer(isGood);
    }
    return true;
  }

  #isWhole(): boolean {
    if (this.#total !== CHUNKED) return this.#total > 0 && this.#received >= this.#total;
    return this.#storage.subarray(0, this.#received).subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }

  #isGood(): boolean {
    const answer = this.#storage.subarray(0, this.#received);
    if (answer.toString('latin1', 9, 12) !== '200') return false;
    if (this.#expected === 'constant') return true;
    const id = this.#request.toString('latin1', this.#idAt, this.#idAt + ID_DIGITS);
    // What tells a good answer stands at one of its ends; to search all of a long one costs more than to receive it.
    const ends = `${answer.toString('latin1', 0, END_BYTES)} ${answer.toString('latin1', Math.max(END_BYTES, answer.length - END_BYTES))}`;
    return ends.includes(id) && ends.includes('"result":{') && !ends.includes('"isError":true');
  }
}

const END_BYTES = 1_024;
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const CONTENT_LENGTH = /content-length: (\d+)/i;
const LONGEST_HEAD = 2_048;
const CHUNKED = Infinity;

/** The bytes of a whole answer; 0 if its head is not there yet. */
function totalOf(storage: Buffer, received: number): number {
  const text = storage.toString('latin1', 0, Math.min(received, LONGEST_HEAD));
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  const length = CONTENT_LENGTH.exec(text)?.[1];
  return length === undefined ? CHUNKED : end + 4 + Number(length);
}
