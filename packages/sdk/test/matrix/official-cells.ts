import { serveStdio, type StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { OfficialServer } from '../../src/connect.ts';
import { WebSocketServerTransport } from '../support/web-socket.ts';
import { TRANSPORTS, type Cell, type Transport } from './cells.ts';
import { startV1Sessions, startV1Sse, startV1Stateless, startV2Sessions, startV2Stateless } from './official-http.ts';
import { ownDriver } from './own.ts';
import type { OwnPlace } from './place.ts';
import { v1ReferenceServer } from './v1-server.ts';
import { v2ReferenceServer } from './v2-server.ts';
import { World } from './world.ts';

/** Who serves: the official SDKs. The v1 server is legacy only. */
export const SERVERS = ['v2 server', 'v1 server'] as const;

export type ServerName = (typeof SERVERS)[number];

/** Whether the server speaks the era of the transport, and has the transport. */
export const serves = (server: ServerName, transport: Transport): boolean =>
  server === 'v2 server' ? transport !== 'legacy HTTP+SSE' : TRANSPORTS[transport].era === 'legacy';

interface Served {
  readonly place: OwnPlace;
  close(): unknown;
}

/** Starts an official server and connects our client to it. */
export async function openOfficial(server: ServerName, transport: Transport): Promise<Cell> {
  const { era, kind } = TRANSPORTS[transport];
  const served = await (server === 'v1 server' ? serveV1(kind) : serveV2(kind, era));
  const driver = await ownDriver(served.place, era);
  return {
    driver,
    async close() {
      await driver.close();
      await served.close();
    },
  };
}

async function serveV1(kind: string): Promise<Served> {
  const world = new World();
  switch (kind) {
    case 'stdio':
      return stdio('v1');
    case 'memory':
      return inMemory(v1ReferenceServer(world));
    case 'socket':
      return socket((transport) => v1ReferenceServer(world).connect(transport as never));
    case 'sse':
      return http(await startV1Sse(world));
    default:
      return http(await (kind === 'stateless' ? startV1Stateless(world) : startV1Sessions(world)));
  }
}

async function serveV2(kind: string, era: string): Promise<Served> {
  const world = new World();
  switch (kind) {
    case 'stdio':
      return stdio('v2');
    case 'memory':
      return inMemory(era === 'modern' ? bothEras(world) : v2ReferenceServer(world));
    case 'socket':
      return socket((transport) => serveStdio(() => v2ReferenceServer(world), { transport: transport as never }));
    default:
      return http(await (era === 'legacy' && kind !== 'stateless' ? startV2Sessions(world) : startV2Stateless(world)));
  }
}

const stdio = (kind: string): Served => ({
  place: {
    kind: 'stdio',
    command: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(new URL('./official-stdio.ts', import.meta.url)), kind],
    cwd: fileURLToPath(new URL('../../../../', import.meta.url)),
  },
  close: () => undefined,
});

const inMemory = (server: OfficialServer): Served => ({
  place: { kind: 'official', server },
  close: () => server.close(),
});

/** What serves both eras on one transport, in the shape of a server object. */
function bothEras(world: World): OfficialServer {
  let handle: StdioServerHandle | undefined;
  return {
    connect(transport: never) {
      handle = serveStdio(() => v2ReferenceServer(world), { transport });
      return Promise.resolve();
    },
    close: () => handle?.close() ?? Promise.resolve(),
  };
}

const http = ({ url, close }: { url: URL; close(): Promise<void> }): Served => ({
  place: { kind: 'http', url: url.href },
  close,
});

async function socket(serve: (transport: WebSocketServerTransport) => unknown): Promise<Served> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mcp' });
  server.on('connection', (client) => void serve(new WebSocketServerTransport(client)));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    place: { kind: 'socket', url: `ws://127.0.0.1:${port}/` },
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
