import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { StreamCursor } from '../wire/sse.ts';
import type { HttpLink } from './http-link.ts';

/** Pause before a stream that broke is opened again. Unit: ms. */
const REOPEN_MS = 1_000;

/** The longest pause that a server may ask for. Unit: ms. */
const MAX_REOPEN_MS = 60_000;

/** The shortest: a server must not make its client ask without a pause. Unit: ms. */
const MIN_REOPEN_MS = 100;

/** How long the headers of the stream may take before it counts as open: some servers send them with the first event. */
const OPEN_MS = 2_000;

/** What a stream is opened with. */
export interface GetStreamOptions {
  readonly link: Pick<HttpLink, 'listen'>;
  readonly clock: Clock;
  /** Opens the session again when the server has forgotten it. */
  readonly renew?: (() => Promise<void>) | undefined;
}

/** A share in the stream: it is open as long as somebody has one. */
export interface StreamShare {
  /** Whether the server has such a stream. */
  readonly isOpen: boolean;
  readonly release: () => void;
}

/**
 * The one stream of a legacy session on which the server speaks unasked: it tells of changes, and asks.
 *
 * @remarks Servers refuse a second one, so all that need it share it.
 */
export class GetStream {
  readonly #options: GetStreamOptions;
  readonly #onReopened = new Set<() => void>();
  #stop = new AbortController();
  #opening: Promise<boolean> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #cursor: StreamCursor = {};
  #isForgotten = false;

  constructor(options: GetStreamOptions) {
    this.#options = options;
  }

  /** Opens it unless it is open. @param onReopened - told when it broke and is open again: something may have been missed */
  async share(onReopened: () => void): Promise<StreamShare> {
    // Two shares may have the same callback.
    const share = (): void => {
      onReopened();
    };
    this.#onReopened.add(share);
    const isOpen = await (this.#opening ??= this.#start());
    const release = (): void => {
      if (this.#onReopened.delete(share) && this.#onReopened.size === 0) this.#end();
    };
    if (!isOpen) release();
    return { isOpen, release };
  }

  #start(): Promise<boolean> {
    const stop = new AbortController();
    this.#stop = stop;
    this.#cursor = {};
    return this.#open(stop.signal).then((isOpen) => {
      if (isOpen) void this.#keepOpen(stop.signal);
      else if (this.#stop === stop) this.#opening = undefined;
      return isOpen;
    });
  }

  #end(): void {
    this.#opening = undefined;
    this.#stop.abort();
  }

  #open(signal: AbortSignal): Promise<boolean> {
    const { link, clock } = this.#options;
    return new Promise((resolve) => {
      const opened = (): void => {
        resolve(true);
      };
      const stopWaiting = clock.after(OPEN_MS, opened);
      this.#ended = link.listen(signal, opened, this.#cursor).catch((thrown: unknown) => {
        this.#isForgotten = thrown instanceof McpError && thrown.data?.httpStatus === 404;
        resolve(false);
      });
      void this.#ended.then(stopWaiting);
    });
  }

  /** Opens it again whenever it breaks, until nobody needs it. */
  async #keepOpen(signal: AbortSignal): Promise<void> {
    const { clock, renew } = this.#options;
    for (;;) {
      await this.#ended;
      const retryMs = Math.min(Math.max(this.#cursor.retryMs ?? REOPEN_MS, MIN_REOPEN_MS), MAX_REOPEN_MS);
      await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
      if (signal.aborted) return;
      if (await this.#open(signal)) for (const reopened of this.#onReopened) reopened();
      else if (this.#isForgotten) await renew?.().catch(() => undefined);
    }
  }
}
