import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Running } from './upstreams.ts';

/** Waits until a server listens. @param mcp - the gateway or server behind it @returns where, and what stops both */
export async function running(server: Server, mcp: { close(): Promise<void> }): Promise<Running> {
  if (!server.listening) await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      server.close();
      await mcp.close();
      // The calls have their answers; what is left are connections that clients keep for later.
      server.closeAllConnections();
    },
  };
}
