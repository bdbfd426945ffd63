export { drain, listenHttp } from './serve/listen.node.ts';
export { toNode } from './serve/node.node.ts';
export { serveStdio } from './serve/stdio-server.node.ts';
