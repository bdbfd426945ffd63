export { createHttpClient } from './registry/http-client.node.ts';
export { overChild as openChild } from './registry/child.node.ts';
export { overWebSocket as openWebSocket } from './registry/web-socket.node.ts';
export { sampleCpu, sampleHeap } from './admin/sample.node.ts';
export { readConfig } from './gateway/config.node.ts';
export { serveStdio, serveWebSocket, toNode } from '@org/mcp-sdk/node';
