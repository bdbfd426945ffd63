import { Payload } from '../core/payload.ts';
import type { Channel, ChannelEvents } from '../wire/channel.ts';

/** A transport as the official SDKs (v1 and v2) shape it. */
export interface OfficialTransport {
  start(): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
  onmessage?: ((message: never, extra?: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
}

/**
 * An official server object: `McpServer` or `Server` of `@modelcontextprotocol/server` (v2) or
 * `@modelcontextprotocol/sdk` (v1).
 *
 * @remarks Known by its shape: `instanceof` would fail as soon as two copies of an official package are installed.
 */
export interface OfficialServer {
  /** Connects the server to one client. */
  connect(transport: never): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Whether `value` is an official server object. */
export const isOfficialServer = (value: unknown): value is OfficialServer =>
  typeof value === 'object' &&
  value !== null &&
  'connect' in value &&
  typeof value.connect === 'function' &&
  'close' in value &&
  typeof value.close === 'function';

/** Connects an official server object in this process; it serves one channel at a time. */
export function channelToOfficial(server: OfficialServer): Channel {
  let events: ChannelEvents | undefined;
  let closed = false;
  const end = (reason?: unknown): void => {
    if (closed) return;
    closed = true;
    transport.onclose?.();
    events?.close(reason);
  };
  const transport: OfficialTransport = {
    start: () => Promise.resolve(),
    send(message) {
      const bytes = Payload.of(message).bytes;
      // Not in the same turn: the server may still be on its way out of the call that is answered here.
      queueMicrotask(() => events?.message(bytes));
      return Promise.resolve();
    },
    close() {
      end();
      return Promise.resolve();
    },
  };
  let ready: Promise<void> | undefined;
  return {
    open(to) {
      events = to;
      ready = server.connect(transport as never).catch(end);
    },
    send(json) {
      const message = Payload.json(json).value as never;
      void ready?.then(() => {
        if (!closed) transport.onmessage?.(message);
      });
    },
    close() {
      void server.close().catch(() => undefined);
      end();
    },
  };
}
