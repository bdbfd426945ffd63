import type { Clock } from '../core/clock.ts';
import type { ErrorMessage } from '../core/reply.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodeEvent, SSE_HEADERS, SSE_KEEP_ALIVE } from '../wire/sse.ts';
import type { HttpResponse, StreamSink } from './http-message.ts';
import { relay } from './relay.ts';

/** What keeps a quiet stream open. */
export interface KeepAlive {
  readonly clock: Clock;
  /** Pause between comments. Unit: ms. */
  readonly keepAliveMs: number;
}

/** How a stream of messages becomes events. */
export interface EventStreamOptions<M> extends KeepAlive {
  /** Writes a message; undefined leaves it out. */
  readonly encode: (message: M | ErrorMessage) => WireJson | undefined;
}

/** A response that relays messages as they come, one event each. */
export const eventStream = <M>(messages: AsyncIterable<M>, options: EventStreamOptions<M>): HttpResponse =>
  eventResponse(
    (write) =>
      relay(messages, (message) => {
        const json = options.encode(message);
        return json === undefined ? undefined : write(encodeEvent(json));
      }),
    options,
  );

/** A response that is the events which `writeAll` writes until it resolves. */
export const eventResponse = (
  writeAll: (write: StreamSink['write']) => Promise<void>,
  keepAlive: KeepAlive,
): HttpResponse => ({
  status: 200,
  headers: SSE_HEADERS,
  stream: (sink) => withKeepAlive(writeAll, keepAlive, sink),
});

/** No async function, nor what follows where streams are written: thousands wait, and each would take half a kilobyte. */
function withKeepAlive(
  writeAll: (write: StreamSink['write']) => Promise<void>,
  { clock, keepAliveMs }: KeepAlive,
  sink: StreamSink,
): Promise<void> {
  let pending = 0;
  const write = (text: string): Promise<void> | undefined => {
    const room = sink.write(text);
    if (!room) return undefined;
    pending++;
    return room.finally(() => pending--);
  };
  const beat = (): void => {
    // A reader that has stalled has enough to read; what is written now would only pile up.
    if (pending === 0) void write(SSE_KEEP_ALIVE);
    cancel = clock.after(keepAliveMs, beat);
  };
  let cancel = clock.after(keepAliveMs, beat);
  try {
    return writeAll(write).finally(() => {
      cancel();
    });
  } catch (thrown) {
    cancel();
    throw thrown;
  }
}
