import type { Socket } from 'node:net';
import type * as ws from 'ws';
import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { atEndOfTurn } from './end-of-turn.node.ts';

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

/** An open WebSocket. */
export interface OpenSocket {
  readonly socket: WebSocket;
  /** What it runs on. */
  readonly stream: Socket;
  readonly clock: Clock;
  /** Pause between pings; a peer from which nothing came when the next is due is gone. Unit: ms. */
  readonly pingMs: number;
}

/** A channel over a WebSocket. */
export interface SocketChannel extends Channel {
  /** How much has come from the peer. Unit: bytes. */
  readonly bytesRead: number;
  /** How much waits to be sent to the peer. Unit: bytes. */
  readonly bytesWaiting: number;
}

/** A channel over an open WebSocket: one JSON-RPC message in each text frame. */
export function channelOverWebSocket(open: OpenSocket): SocketChannel {
  const { socket, stream, clock } = open;
  let reason: unknown;
  const cut = (why: string): void => {
    reason ??= new McpError('unavailable', why);
    socket.terminate();
  };
  return {
    get bytesRead() {
      return stream.bytesRead;
    },
    get bytesWaiting() {
      return socket.bufferedAmount;
    },
    open(events) {
      const stop = watch(open, cut);
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
      if (stream.writableCorked === 0) {
        stream.cork();
        atEndOfTurn(() => {
          stream.uncork();
        });
      }
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
      const stop = clock.after(CLOSE_MS, () => {
        socket.terminate();
      });
      socket.once('close', stop);
    },
  };
}

/** Pings, because nothing else tells of a peer behind a cut network; whatever comes is an answer. Returns what stops it. */
function watch({ socket, stream, clock, pingMs }: OpenSocket, cut: (why: string) => void): () => void {
  let readBefore: number | undefined;
  const ping = (): void => {
    if (stream.bytesRead === readBefore) {
      cut('The peer no longer answers pings.');
      return;
    }
    readBefore = stream.bytesRead;
    socket.ping();
    stop = clock.after(pingMs, ping);
  };
  let stop = clock.after(pingMs, ping);
  return () => {
    stop();
  };
}
