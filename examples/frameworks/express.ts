import { Gateway } from '@org/mcp-gateway';
import express from 'express';
import { running } from './running.ts';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in Express. Before `express.json()`, because bytes that nobody parses keep big integers as they are. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const app = express();
  app.all('/mcp', gateway.handle);
  app.use(express.json());
  return running(app.listen(port, '127.0.0.1'), gateway);
}

/** The same behind a parser that an existing app has already; that works, too. */
export async function startBehindParser(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const app = express();
  app.use(express.json());
  app.all('/mcp', gateway.handle);
  return running(app.listen(port, '127.0.0.1'), gateway);
}
