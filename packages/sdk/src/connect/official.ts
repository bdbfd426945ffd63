import { createScope } from '#sdk-platform';
import type { RequestId } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Channel, ChannelEvents } from '../wire/channel.ts';

/** A transport as the official SDKs (v1 and v2) shape it. */
export interface OfficialTransport {
  start(): Promise<void>;
  /** @param options - `relatedRequestId` is the request in the middle of which the server sends */
  send(message: unknown, options?: { readonly relatedRequestId?: RequestId | undefined }): Promise<void>;
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
  // Most ways in which official servers ask do not say in which call.
  const answering = createScope<RequestId>();
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
    send(message, options) {
      const bytes = Payload.of(message).bytes;
      const relatedTo = options?.relatedRequestId ?? answering.current();
      // Not in the same turn: the server may still be on its way out of the call that is answered here.
      queueMicrotask(() => events?.message(bytes, relatedTo));
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
      const message = Payload.json<JsonObject>(json).value;
      void ready?.then(() => {
        if (closed) return;
        const receive = (): void => transport.onmessage?.(message as never);
        if (message.method === undefined || message.id === undefined) receive();
        else answering.run(message.id as RequestId, receive);
      });
    },
    close() {
      void server.close().catch(() => undefined);
      end();
    },
  };
}
