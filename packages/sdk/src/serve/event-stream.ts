import type { Clock } from '../core/clock.ts';
import type { ErrorMessage } from '../core/reply.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodeEvent, SSE_HEADERS, SSE_KEEP_ALIVE } from '../wire/sse.ts';
import type { HttpResponse, StreamSink } from './http-message.ts';
import { relay } from './relay.ts';

/** How a stream of messages becomes events. */
export interface EventStreamOptions<M> {
  /** Writes a message; undefined leaves it out. */
  readonly encode: (message: M | ErrorMessage) => WireJson | undefined;
  readonly clock: Clock;
  readonly keepAliveMs: number;
}

/** A response that relays messages as they come, one event each. */
export const eventStream = <M>(messages: AsyncIterable<M>, options: EventStreamOptions<M>): HttpResponse => ({
  status: 200,
  headers: SSE_HEADERS,
  stream: (sink) => relayEvents(messages, options, sink),
});

async function relayEvents<M>(
  messages: AsyncIterable<M>,
  options: EventStreamOptions<M>,
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
    cancel = options.clock.after(options.keepAliveMs, beat);
  };
  let cancel = options.clock.after(options.keepAliveMs, beat);
  try {
    await relay(messages, (message) => {
      const json = options.encode(message);
      return json === undefined ? undefined : write(encodeEvent(json));
    });
  } finally {
    cancel();
  }
}
