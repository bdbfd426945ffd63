export { drain, listenHttp, serveStdio, toNode } from './serve/needs-node.ts';
export type { HttpListener, ListenOptions } from './serve/listen.node.ts';
export type { NodeHandler } from './serve/node.node.ts';
export type { StdioServer } from './serve/stdio-server.node.ts';
