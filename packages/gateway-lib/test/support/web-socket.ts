import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** A transport of the official SDKs' shape over a WebSocket: v2 has none, and v1's needs the global of Node 22. */
export class WebSocketTransport {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #socket: WebSocket;
  readonly #early: Buffer[] = [];

  constructor(socket: WebSocket | string) {
    this.#socket = typeof socket === 'string' ? new WebSocket(socket, 'mcp') : socket;
    // What comes before `start` is kept.
    this.#socket.on('message', (data: Buffer) => {
      if (this.onmessage) this.#take(data);
      else this.#early.push(data);
    });
    this.#socket.on('close', () => this.onclose?.());
  }

  async start(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open');
    queueMicrotask(() => {
      for (const data of this.#early.splice(0)) this.#take(data);
    });
  }

  send(message: unknown): Promise<void> {
    this.#socket.send(JSON.stringify(message));
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#socket.close();
    return Promise.resolve();
  }

  #take(data: Buffer): void {
    this.onmessage?.(JSON.parse(data.toString()) as never);
  }
}

/** Serves each socket with what `serve` connects; neither official SDK serves WebSocket. */
export async function serveSockets(
  serve: (transport: WebSocketTransport) => unknown,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mcp' });
  server.on('connection', (socket) => void serve(new WebSocketTransport(socket)));
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
