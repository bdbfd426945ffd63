import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { running } from './running.ts';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in a `node:http` server, for HTTP and WebSocket. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const server = createServer((req, res) => {
    if (req.url === '/mcp') void gateway.handle(req, res);
    else res.writeHead(404).end();
  });
  server.on('upgrade', (req, socket, head) => void gateway.upgrade(req, socket, head));
  return running(server.listen(port, '127.0.0.1'), gateway);
}
