import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { running } from './running.ts';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in a `node:http` server. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const server = createServer((req, res) => {
    if (req.url === '/mcp') void gateway.handle(req, res);
    else res.writeHead(404).end();
  });
  return running(server.listen(port, '127.0.0.1'), gateway);
}
