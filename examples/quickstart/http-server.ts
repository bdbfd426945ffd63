import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gateway } from '@org/mcp-gateway';
import type { Cleanup } from './cleanup.ts';

const PATH = '/mcp';

/** Serves the gateway with `node:http`. @returns its URL */
export async function serveGateway(gateway: Gateway, port: number, cleanup: Cleanup): Promise<string> {
  const server = createServer((req, res) => {
    if (req.url?.split('?', 1)[0] === PATH) void gateway.handle(req, res);
    else res.writeHead(404).end(`MCP is served at ${PATH}.\n`);
  });
  cleanup.defer(async () => {
    server.close();
    await gateway.close();
    // The calls have their answers; what is left are connections that clients keep for later.
    server.closeAllConnections();
  });
  await listen(server, port);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? `Port ${port} is in use` : `Port ${port} cannot be had (${code})`;
    throw new Error(`${why}; choose another with --port, or --port 0 for a free one.`, { cause });
  }
}
