import type * as ws from 'ws';
import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Channel } from './channel.ts';

/** The subprotocol of both sides; the specification has no WebSocket transport, and the official v1 client says so. */
export const SUBPROTOCOL = 'mcp';

/** Close codes of RFC 6455, section 7.4.1. */
const CLOSE = { normal: 1000, unsupportedData: 1003 } as const;

/** A peer that reads slower than it is sent is cut off here. Unit: bytes waiting to be sent. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** From here on who sends waits until the peer has read. Unit: bytes waiting to be sent. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** How long a peer has to answer a close frame. Unit: ms. */
const CLOSE_MS = 1_000;

/** Loads the optional peer dependency. @throws McpError `invalid_options` where it is not installed */
export async function loadWs(): Promise<typeof ws> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new McpError('invalid_options', 'WebSocket needs the package "ws": npm install ws.', { cause });
  }
}

/** When pings are sent. */
export interface PingOptions {
  readonly clock: Clock;
  /** Pause between pings; a peer that has not answered one when the next is due is gone. Unit: ms. */
  readonly pingMs: number;
}

/** A channel over an open WebSocket: one JSON-RPC message in each text frame. */
export function channelOverWebSocket(socket: WebSocket, ping: PingOptions): Channel {
  let reason: unknown;
  const cut = (why: string): void => {
    reason ??= new McpError('unavailable', why);
    socket.terminate();
  };
  return {
    open(events) {
      const stop = watch(socket, ping, cut);
      const end = (): void => {
        stop();
        events.close(reason ?? 'The WebSocket was closed.');
      };
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        // What comes after the close frame was sent is not taken any more.
        if (socket.readyState !== socket.OPEN) return;
        if (isBinary) socket.close(CLOSE.unsupportedData, 'Messages are text frames.');
        else events.message(data);
      });
      // What is wrong with a frame is told to the peer by a close code; the end follows.
      socket.on('error', (error) => (reason ??= error));
      if (socket.readyState === socket.CLOSED) end();
      else socket.once('close', end);
    },
    send(json) {
      if (socket.readyState !== socket.OPEN) return undefined;
      if (socket.bufferedAmount < HIGH_WATER_BYTES) {
        socket.send(json, { binary: false });
        return undefined;
      }
      return new Promise((resolve) => {
        socket.send(json, { binary: false }, () => {
          resolve();
        });
        if (socket.bufferedAmount > MAX_BUFFERED_BYTES) cut('The peer does not read what it is sent.');
      });
    },
    close() {
      if (socket.readyState === socket.CLOSED) return;
      socket.close(CLOSE.normal);
      const stop = ping.clock.after(CLOSE_MS, () => {
        socket.terminate();
      });
      socket.once('close', stop);
    },
  };
}

/** Pings, because nothing else tells of a peer behind a cut network. Returns what stops it. */
function watch(socket: WebSocket, { clock, pingMs }: PingOptions, cut: (why: string) => void): () => void {
  let isAlive = true;
  const heard = (): void => void (isAlive = true);
  socket.on('pong', heard).on('message', heard);
  const ping = (): void => {
    if (!isAlive) {
      cut('The peer no longer answers pings.');
      return;
    }
    isAlive = false;
    socket.ping();
    stop = clock.after(pingMs, ping);
  };
  let stop = clock.after(pingMs, ping);
  return () => {
    stop();
  };
}
