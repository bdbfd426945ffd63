import { connect, type Socket } from 'node:net';
import { Tally, type Load } from '../measure/load.ts';
import { callBody, callHeaders, endSession, ID_DIGITS, ID_MARK, openSession } from './requests.ts';

/** Whom to load and how; each connection of `session` opens one of the legacy era. */
export interface HttpTarget {
  readonly url: string;
  readonly era: 'modern' | 'stateless' | 'session';
  readonly connections: number;
}

/** When a run ends: by the time or, if given, by the number of calls. */
export interface Limit {
  readonly seconds: number;
  readonly calls?: number;
}

/**
 * Calls the tool in a closed loop on each connection; no two requests have the same id.
 *
 * @remarks Written on sockets, with requests made once and answers looked at as bytes: the generator must cost less
 * than the server that it measures.
 */
export async function loadHttp({ url, era, connections }: HttpTarget, limit: Limit): Promise<Load> {
  const open = async (): Promise<string | undefined> =>
    era === 'modern' ? undefined : era === 'session' ? openSession(url) : '';
  const sessions = await Promise.all(Array.from({ length: connections }, open));
  const callers = sessions.map((session) => new Caller(new URL(url), session));
  await Promise.all(callers.map((caller) => caller.connected));
  const tally = new Tally();
  const end = performance.now() + limit.seconds * 1000;
  const isOver = (now: number): boolean => now >= end || tally.calls >= (limit.calls ?? Infinity);
  await Promise.all(callers.map((caller) => caller.run(isOver, tally)));
  const load = tally.toLoad();
  for (const session of sessions) if (session) await endSession(url, session);
  return load;
}

const FIRST_ID = 10 ** (ID_DIGITS - 1);
const IDS_PER_CONNECTION = 1e7;
let connectionsMade = 0;

/** One connection: sends, waits for the whole answer, sends again. */
class Caller {
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #idAt: number;
  #nextId: number;
  #sentAt = 0;
  #parts: Buffer | undefined;
  #received: (answer: Buffer) => void = () => undefined;

  constructor(url: URL, session: string | undefined) {
    this.#nextId = FIRST_ID + connectionsMade++ * IDS_PER_CONNECTION;
    this.#request = requestFor(url, session);
    this.#idAt = this.#request.indexOf(ID_MARK);
    const buffer = Buffer.allocUnsafe(16_384);
    const callback = (length: number): boolean => {
      this.#received(buffer.subarray(0, length));
      return true;
    };
    const { hostname: host, port } = url;
    this.#socket = connect({ host, port: Number(port), noDelay: true, onread: { buffer, callback } });
    this.connected = new Promise((resolve, reject) => this.#socket.once('connect', resolve).once('error', reject));
  }

  /** Calls until it is over, at least once. */
  run(isOver: (now: number) => boolean, tally: Tally): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject).once('end', () => {
        reject(new Error('the server closed a connection'));
      });
      this.#received = (bytes) => {
        const answer = this.#parts ? Buffer.concat([this.#parts, bytes]) : bytes;
        if (isWhole(answer)) {
          const now = performance.now();
          tally.add(this.#sentAt, now, this.#isGood(answer));
          this.#parts = undefined;
          if (!isOver(now)) this.#send();
          else {
            this.#socket.destroy();
            resolve();
          }
        } else this.#parts = Buffer.from(answer);
      };
      this.#send();
    });
  }

  #send(): void {
    this.#request.write(String(this.#nextId++), this.#idAt, 'latin1');
    this.#sentAt = performance.now();
    // Nobody writes into it before the answer is there, so that it needs no copy.
    this.#socket.write(this.#request);
  }

  #isGood(answer: Buffer): boolean {
    const isOk = answer.toString('latin1', 9, 12) === '200';
    const id = this.#request.subarray(this.#idAt, this.#idAt + ID_DIGITS);
    return isOk && answer.includes(id) && answer.includes(RESULT) && !answer.includes(TOOL_ERROR);
  }
}

const RESULT = Buffer.from('"result":{');
const TOOL_ERROR = Buffer.from('"isError":true');
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('ontent-');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** Whether an answer is there to its end: by its length, or by its last chunk. */
function isWhole(answer: Buffer): boolean {
  const head = answer.indexOf(HEAD_END);
  if (head < 0) return false;
  const length = lengthOf(answer, head);
  if (length === undefined) return answer.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  return answer.length >= head + HEAD_END.length + length;
}

function lengthOf(answer: Buffer, head: number): number | undefined {
  for (let at = answer.indexOf(LENGTH); at >= 0 && at < head; at = answer.indexOf(LENGTH, at + 1)) {
    // `l` or `L`; the other header of this beginning is the type.
    if ((answer[at + LENGTH.length]! | 0x20) !== 0x6c) continue;
    return Number.parseInt(answer.toString('latin1', at + 'ontent-length:'.length, head), 10);
  }
  return undefined;
}

function requestFor(url: URL, session: string | undefined): Buffer {
  const body = callBody(session === undefined ? 'modern' : 'legacy');
  const headers = { Host: url.host, ...callHeaders(session), 'Content-Length': body.length };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}
