import type { WireJson } from './encode.ts';

/** What a {@link Channel} tells its user. */
export interface ChannelEvents {
  /** One JSON-RPC message, not read yet. */
  message(bytes: Uint8Array): void;
  /** The other side is gone; called once, nothing follows. */
  close(reason?: unknown): void;
}

/** A reliable, ordered way to exchange JSON-RPC messages with one peer: a pipe, a socket, an object in this process. */
export interface Channel {
  /** Starts delivery; called once. */
  open(events: ChannelEvents): void;
  /** Sends a message; does nothing once closed. */
  send(json: WireJson): void;
  /** Ends the exchange. */
  close(): void;
}
