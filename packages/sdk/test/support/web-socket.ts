import { WebSocket } from 'ws';

/** A transport of the official SDKs' shape over a WebSocket: v2 has none, and v1's needs the global of Node 22. */
export class WebSocketTransport {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #url: string;
  #socket: WebSocket | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  start(): Promise<void> {
    const socket = new WebSocket(this.#url, 'mcp');
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.onmessage?.(JSON.parse(data.toString()) as never));
    socket.on('close', () => this.onclose?.());
    return new Promise((resolve, reject) => {
      socket.once('open', resolve).once('error', reject);
    });
  }

  send(message: unknown): Promise<void> {
    this.#socket?.send(JSON.stringify(message));
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#socket?.close();
    return Promise.resolve();
  }
}

/** The server's side of a WebSocket as a transport of the official SDKs' shape: neither has one. */
export class WebSocketServerTransport {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #socket: WebSocket;
  readonly #early: Buffer[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    // What comes before `start` is kept.
    socket.on('message', (data: Buffer) => {
      if (this.onmessage) this.#take(data);
      else this.#early.push(data);
    });
    socket.on('close', () => this.onclose?.());
  }

  start(): Promise<void> {
    queueMicrotask(() => {
      for (const data of this.#early.splice(0)) this.#take(data);
    });
    return Promise.resolve();
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
