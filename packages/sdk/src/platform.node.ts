export { drain, listenHttp } from './serve/listen.node.ts';
export { toNode } from './serve/node.node.ts';
export { serveStdio } from './serve/stdio-server.node.ts';
export { serveWebSocket } from './serve/web-socket.node.ts';
export { loadDefinitions } from './server/load.node.ts';
export { startChild } from './connect/child.node.ts';
export { openWebSocket } from './connect/web-socket.node.ts';
export { createUndiciClient as createHttpClient } from './connect/undici.node.ts';
export { readEnvironment } from './connect/environment.node.ts';
