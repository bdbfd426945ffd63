export {
  createHttpClient,
  openChild,
  openWebSocket,
  readConfig,
  sampleCpu,
  sampleHeap,
  serveStdio,
  serveWebSocket,
  toNode,
} from './gateway/web.ts';
