export { createHttpClient, openChild, readConfig, serveStdio, serveWebSocket, toNode } from './gateway/web.ts';
