import express from 'express';
import { buildGreeter } from './greeter.ts';
import { running } from './running.ts';
import type { Running } from './upstreams.ts';

/** A server in Express. */
export async function start(port = 0): Promise<Running> {
  const server = buildGreeter();
  const app = express();
  app.all('/mcp', server.handle);
  return running(app.listen(port, '127.0.0.1'), server);
}
