import { SSEClientTransport as V2Sse, StreamableHTTPClientTransport as V2Http } from '@modelcontextprotocol/client';
import { StdioClientTransport as V2Stdio } from '@modelcontextprotocol/client/stdio';
import { SSEClientTransport as V1Sse } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as V1Stdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { fileURLToPath } from 'node:url';
import type { Era, MCPServer } from '../../src/index.ts';
import { startHttp } from '../support/http-server.ts';
import { WebSocketTransport } from '../support/web-socket.ts';
import type { Driver } from './driver.ts';
import { v1Driver, v2Driver } from './official.ts';
import { ownDriver } from './own.ts';
import type { Place } from './place.ts';
import { referenceServer } from './reference-server.ts';

/** How a client reaches the reference server. */
export const TRANSPORTS = {
  'modern HTTP': { era: 'modern', kind: 'http' },
  'modern stdio': { era: 'modern', kind: 'stdio' },
  'modern in memory': { era: 'modern', kind: 'memory' },
  'legacy in memory': { era: 'legacy', kind: 'memory' },
  'legacy session HTTP': { era: 'legacy', kind: 'http' },
  'legacy stateless HTTP': { era: 'legacy', kind: 'stateless' },
  'legacy HTTP+SSE': { era: 'legacy', kind: 'sse' },
  'legacy stdio': { era: 'legacy', kind: 'stdio' },
  'modern WebSocket': { era: 'modern', kind: 'socket' },
  'legacy WebSocket': { era: 'legacy', kind: 'socket' },
} as const satisfies Record<string, { era: Era; kind: string }>;

export type Transport = keyof typeof TRANSPORTS;

/** Who calls. The v1 client is legacy only. */
export const CLIENTS = ['ours', 'v2', 'v1'] as const;

export type ClientName = (typeof CLIENTS)[number];

/** Whether the client speaks the era of the transport. */
export const exists = (client: ClientName, transport: Transport): boolean =>
  client !== 'v1' || TRANSPORTS[transport].era === 'legacy';

/** A connected client, and what frees everything. */
export interface Cell {
  readonly driver: Driver;
  close(): Promise<void>;
}

/** What runs the reference server in a process of its own. */
const STDIO = {
  command: process.execPath,
  args: ['--import', 'tsx', fileURLToPath(new URL('./reference-stdio.ts', import.meta.url))],
  cwd: fileURLToPath(new URL('../../../../', import.meta.url)),
};

/** Starts a server and connects the client. */
export async function openCell(client: ClientName, transport: Transport): Promise<Cell> {
  const { era, kind } = TRANSPORTS[transport];
  const server =
    kind === 'stdio' ? undefined : referenceServer({ legacySessions: kind !== 'stateless', sse: kind === 'sse' });
  const { place, close } = await placeOf(kind, server);
  const driver = await connectTo(client, era, place);
  return {
    driver: { ...driver, losesProgress: client !== 'ours' && SHARED.has(kind) },
    async close() {
      await driver.close();
      await server?.close();
      await close?.();
    },
  };
}

/** Transports on which all answers come on one stream. */
const SHARED: ReadonlySet<string> = new Set(['stdio', 'socket', 'sse']);

async function placeOf(
  kind: string,
  server: MCPServer | undefined,
): Promise<{ readonly place: Place; close?(): Promise<void> }> {
  if (!server) return { place: { kind: 'stdio', ...STDIO } };
  if (kind === 'memory') return { place: { kind: 'memory', server } };
  if (kind === 'sse') return sseOnly(server);
  const { url } = await server.listen();
  return { place: kind === 'socket' ? { kind, url: url.replace('http', 'ws') } : { kind: 'http', url } };
}

/** Our server as one that knows nothing newer, so that our client has to find that out. */
async function sseOnly(server: MCPServer): Promise<{ readonly place: Place; close(): Promise<void> }> {
  const { url, close } = await startHttp((req, res) => {
    const isOther = req.method === 'POST' && !req.url?.includes('sessionId=');
    if (isOther) res.writeHead(405).end();
    else void server.handle(req, res);
  });
  return { place: { kind: 'sse', url: url.href }, close };
}

function connectTo(client: ClientName, era: Era, place: Place): Promise<Driver> {
  if (client === 'ours') return ownDriver(place, era);
  if (client === 'v1') return v1Driver(officialTransport(place, { http: V1Http, sse: V1Sse, stdio: V1Stdio }));
  return v2Driver(
    officialTransport(place, { http: V2Http, sse: V2Sse, stdio: V2Stdio }),
    era === 'modern' ? 'auto' : 'legacy',
  );
}

interface Transports {
  readonly http: new (url: URL) => unknown;
  readonly sse: new (url: URL) => unknown;
  readonly stdio: new (options: typeof STDIO & { stderr: 'inherit' }) => unknown;
}

function officialTransport(place: Place, { http: Http, sse: Sse, stdio: Stdio }: Transports): unknown {
  switch (place.kind) {
    case 'http':
      return new Http(new URL(place.url));
    case 'sse':
      return new Sse(new URL(place.url));
    case 'socket':
      return new WebSocketTransport(place.url);
    case 'stdio':
      return new Stdio({ ...STDIO, stderr: 'inherit' });
    case 'memory':
      return place.server.connect();
  }
}
