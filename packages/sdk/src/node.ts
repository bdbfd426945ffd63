export { createUndiciClient, type UndiciClientOptions } from './connect/undici.node.ts';
export { startChild, type Child, type ChildServer } from './connect/child.node.ts';
export { openWebSocket, type WebSocketServerAddress } from './connect/web-socket.node.ts';
export type { SocketChannel } from './wire/web-socket.node.ts';
export { drain, listenHttp } from './serve/listen.node.ts';
export type {
  HttpListener,
  ListenOptions,
  NodeHandler,
  NodeRequestLike,
  NodeResponseLike,
  SocketServer,
  UpgradeHandler,
} from './serve/listener.ts';
export { toNode } from './serve/node.node.ts';
export { serveWebSocket } from './serve/web-socket.node.ts';
export { serveStdio, type StdioOptions } from './serve/stdio-server.node.ts';
export { channelOverStreams, type ByteStreams } from './wire/streams.node.ts';
