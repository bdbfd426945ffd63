export { createHttpClient, openChild, readConfig, serveStdio, toNode } from './gateway/web.ts';
