export {
  drain,
  listenHttp,
  loadDefinitions,
  openWebSocket,
  serveStdio,
  serveWebSocket,
  startChild,
  toNode,
} from './serve/needs-node.ts';
export { createFetchClient as createHttpClient } from './connect/fetch-client.ts';
export { createScope } from './connect/scope.ts';
export { readEnvironment } from './connect/no-environment.ts';
