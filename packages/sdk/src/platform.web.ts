export { drain, listenHttp, serveStdio, toNode } from './serve/needs-node.ts';
