export {
  createHttpClient,
  openChild,
  openWebSocket,
  readConfig,
  serveStdio,
  serveWebSocket,
  toNode,
} from './gateway/web.ts';
