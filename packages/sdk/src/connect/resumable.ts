import type { RequestId } from '../core/call.ts';
import type { NotificationFrame, ResponseFrame } from '../wire/message.ts';
import type { StreamCursor } from '../wire/sse.ts';
import type { HttpClientResponse } from './http-client.ts';
import type { Frames } from './http-stream.ts';

/** A stream, and how to come back to it. */
export interface ResumableOptions {
  readonly response: HttpClientResponse;
  /** Of the request that is answered. */
  readonly id: RequestId;
  readonly signal: AbortSignal;
  /** Reads a stream, and notes in `at` how far it came. */
  readonly read: (body: AsyncIterable<Uint8Array>, at: Position) => Frames;
  /** Asks for what follows the last event. */
  readonly resume: (lastEventId: string) => Promise<HttpClientResponse>;
}

/** How far a stream was read. */
export interface Position extends StreamCursor {
  /** Whether a message on it cannot be read: coming back does not mend that. */
  isUnreadable?: boolean;
}

/** How often in a row a client comes back without hearing anything. */
const MAX_RESUMES = 5;

/** Pause before coming back when the server does not say. Unit: ms. */
const RETRY_MS = 1_000;

/** The shortest pause that a server may ask for. Unit: ms. */
const MIN_RETRY_MS = 100;

/** The longest. Unit: ms. */
const MAX_RETRY_MS = 60_000;

/**
 * The stream that a legacy server answers a call with. When it ends without an answer after an event with an id, it is
 * taken up where it was left.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class ResumableStream {
  readonly #options: ResumableOptions;
  #response: HttpClientResponse;

  constructor(options: ResumableOptions) {
    this.#options = options;
    this.#response = options.response;
  }

  /** Says that nobody wants the rest. */
  cancel(): void {
    this.#response.cancel();
  }

  async *frames(): Frames {
    const at: Position = {};
    for (let resumes = 0; ; resumes++) {
      const heard = yield* this.#read(at);
      if (heard === 'end' || at.lastEventId === undefined || resumes === MAX_RESUMES) return;
      if (heard === 'something') resumes = 0;
      await wait(Math.min(Math.max(at.retryMs ?? RETRY_MS, MIN_RETRY_MS), MAX_RETRY_MS), this.#options.signal);
      this.#response = await this.#options.resume(at.lastEventId);
    }
  }

  /** Reads one response; `end` if nothing is to follow it. */
  async *#read(at: Position): AsyncGenerator<NotificationFrame | ResponseFrame, 'end' | 'something' | 'nothing'> {
    const { body } = this.#response;
    const { id, signal, read } = this.#options;
    if (body instanceof Uint8Array) return 'end';
    let heard: 'end' | 'something' | 'nothing' = 'nothing';
    try {
      for await (const frame of read(body, at)) {
        if (heard !== 'end') heard = frame.kind === 'response' && frame.id === id ? 'end' : 'something';
        yield frame;
      }
    } catch (thrown) {
      if (at.lastEventId === undefined || at.isUnreadable || signal.aborted) throw thrown;
    }
    return heard;
  }
}

/** Waits, not longer than somebody wants the answer: then the request that follows fails at once. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // No timer of the clock: those let a process end that has nothing but this answer to wait for.
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
