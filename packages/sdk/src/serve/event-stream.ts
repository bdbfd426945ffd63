import type { Clock } from '../core/clock.ts';
import type { Message } from '../core/reply.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodeEvent, SSE_HEADERS, SSE_KEEP_ALIVE } from '../wire/sse.ts';
import type { HttpResponse, StreamSink } from './http-message.ts';
import { relay } from './relay.ts';

/** How a stream of messages becomes events. */
export interface EventStreamOptions {
  /** Writes a message; undefined leaves it out. */
  readonly encode: (message: Message) => WireJson | undefined;
  readonly clock: Clock;
  readonly keepAliveMs: number;
}

/** A response that relays messages as they come, one event each. */
export const eventStream = (messages: AsyncIterable<Message>, options: EventStreamOptions): HttpResponse => ({
  status: 200,
  headers: SSE_HEADERS,
  stream: (sink) => relayEvents(messages, options, sink),
});

async function relayEvents(
  messages: AsyncIterable<Message>,
  options: EventStreamOptions,
  sink: StreamSink,
): Promise<void> {
  const beat = (): void => {
    void sink.write(SSE_KEEP_ALIVE);
    cancel = options.clock.after(options.keepAliveMs, beat);
  };
  let cancel = options.clock.after(options.keepAliveMs, beat);
  try {
    await relay(messages, (message) => {
      const json = options.encode(message);
      return json === undefined ? undefined : sink.write(encodeEvent(json));
    });
  } finally {
    cancel();
  }
}
