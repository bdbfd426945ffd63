import type { RequestId } from '../core/call.ts';
import type { WireJson } from './encode.ts';

/** What a {@link Channel} tells its user. */
export interface ChannelEvents {
  /**
   * One JSON-RPC message, not read yet.
   * @param relatedTo - id of the request that the other side was answering when it sent this, where it tells
   */
  message(bytes: Uint8Array, relatedTo?: RequestId): void;
  /** The other side is gone; called once, nothing follows. */
  close(reason?: unknown): void;
}

/** A reliable, ordered way to exchange JSON-RPC messages with one peer: a pipe, a socket, an object in this process. */
export interface Channel {
  /** Starts delivery; called once. */
  open(events: ChannelEvents): void;
  /**
   * Sends a message; does nothing once closed. The promise, if there is one, resolves when there is room for the next. Only
   * where each message is answered by itself does it reject: with what the message was refused for.
   */
  send(json: WireJson): Promise<void> | undefined;
  /** Ends the exchange. The promise, if there is one, resolves when the peer has what was sent. */
  close(): Promise<void> | undefined;
}
