export { drain, listenHttp, type HttpListener, type ListenOptions } from './serve/listen.node.ts';
export { toNode, type NodeHandler } from './serve/node.node.ts';
export { serveStdio, type StdioServer } from './serve/stdio-server.node.ts';
