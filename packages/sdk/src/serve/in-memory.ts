import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import type { Channel, ChannelEvents } from '../wire/channel.ts';
import { serveChannel, type ChannelOptions, type ChannelServer } from './channel.ts';

/** A transport that any official client (v1 or v2) can be connected with. */
export interface InMemoryTransport {
  /** Starts delivery; called by the client. */
  start(): Promise<void>;
  /** Takes a message of the client. */
  send(message: unknown): Promise<void>;
  /** Ends the connection; running calls are cancelled. */
  close(): Promise<void>;
  /** Set by the client: takes a message of the server. */
  onmessage?: (message: never) => void;
  /** Set by the client: told once when the connection has ended. */
  onclose?: () => void;
  /** Set by the client; nothing fails in memory. */
  onerror?: (error: Error) => void;
}

/** How a handler is served in memory. */
export interface InMemoryOptions extends ChannelOptions {
  /** Gets what ends the connection from the server's side, once the client has started it. */
  onStart?: (server: ChannelServer) => void;
}

/** Makes a handler reachable for a client in this process: `await client.connect(createInMemoryTransport(handler))`. */
export function createInMemoryTransport(
  handler: Handler,
  { onStart, ...options }: InMemoryOptions = {},
): InMemoryTransport {
  let events: ChannelEvents | undefined;
  let open = true;
  const close = (): undefined => {
    if (!open) return;
    open = false;
    events?.close();
    transport.onclose?.();
  };
  const channel: Channel = {
    open: (to) => {
      events = to;
    },
    send(json) {
      const message = Payload.json(json).value as never;
      queueMicrotask(() => {
        if (open) transport.onmessage?.(message);
      });
    },
    close,
  };
  const transport: InMemoryTransport = {
    start() {
      const server = serveChannel(handler, channel, options);
      onStart?.(server);
      return Promise.resolve();
    },
    send(message) {
      if (open) events?.message(Payload.of(message).bytes);
      return Promise.resolve();
    },
    close() {
      close();
      return Promise.resolve();
    },
  };
  return transport;
}
