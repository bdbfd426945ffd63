import type { Readable, Writable } from 'node:stream';
import { ID_DIGITS, ID_MARK } from '../measure/connection.ts';
import { Tally, type Load } from '../measure/load.ts';
import { callBody, HANDSHAKE, type Era } from './requests.ts';

/** The streams of a server, as its parent has them. */
export interface Pipes {
  readonly input: Writable;
  readonly output: Readable;
}

/** Calls a server over its pipes, several calls in flight; no two requests have the same id. */
export class StdioCaller {
  readonly #pipes: Pipes;
  readonly #inFlight: number;
  readonly #before: string;
  readonly #after: string;
  readonly #sentAt = new Map<number, number>();
  #nextId = 10 ** (ID_DIGITS - 1);
  #rest = '';
  #onLines: (lines: readonly string[]) => void = () => undefined;

  constructor(pipes: Pipes, era: Era, inFlight: number) {
    this.#pipes = pipes;
    this.#inFlight = inFlight;
    [this.#before = '', this.#after = ''] = `${callBody(era)}\n`.split(ID_MARK);
    pipes.output.setEncoding('latin1').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      if (lines.length > 0) this.#onLines(lines);
    });
  }

  /** The handshake of the legacy era. */
  async initialize(): Promise<void> {
    const [request, notification] = HANDSHAKE;
    const answered = new Promise<void>((resolve) => (this.#onLines = () => resolve()));
    this.#pipes.input.write(`${JSON.stringify(request)}\n`);
    await answered;
    this.#pipes.input.write(`${JSON.stringify(notification)}\n`);
  }

  /** Calls for some seconds and waits for the answers of what is in flight then. */
  run(seconds: number): Promise<Load> {
    const tally = new Tally();
    const end = performance.now() + seconds * 1000;
    return new Promise((resolve) => {
      this.#onLines = (lines) => {
        const now = performance.now();
        for (const line of lines) this.#receive(line, now, tally);
        if (now < end) this.#send(this.#inFlight - this.#sentAt.size);
        else if (this.#sentAt.size === 0) resolve(tally.toLoad());
      };
      this.#send(this.#inFlight);
    });
  }

  #receive(line: string, now: number, tally: Tally): void {
    const id = Number(/"id":(\d+)/.exec(line)?.[1]);
    const sentAt = this.#sentAt.get(id);
    this.#sentAt.delete(id);
    if (sentAt === undefined) tally.failed++;
    else tally.add(sentAt, now, line.includes('"result":{') && !line.includes('"isError":true'));
  }

  /** One write for all, so that the generator costs less than the server. */
  #send(calls: number): void {
    let text = '';
    const now = performance.now();
    for (let i = 0; i < calls; i++) {
      this.#sentAt.set(this.#nextId, now);
      text += this.#before + String(this.#nextId++) + this.#after;
    }
    if (calls > 0) this.#pipes.input.write(text);
  }
}
