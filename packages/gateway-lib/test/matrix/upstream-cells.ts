import type { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport as V1Stdio } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport as V2Stdio } from '@modelcontextprotocol/server/stdio';
import type { Era } from '@org/mcp-sdk';
import { randomUUID } from 'node:crypto';
import type { Isolation, UpstreamOptions } from '../../src/index.ts';
import { serveFetch, startHttp, type TestHttpServer } from '../support/http-server.ts';
import { startRelay } from '../support/relay.ts';
import { serveSockets } from '../support/web-socket.ts';
import { ownUpstream } from './own-upstream.ts';
import { v1Upstream } from './v1-upstream.ts';
import { v2Upstream } from './v2-upstream.ts';
import { ownUri, SHARED, type World } from './world.ts';

/** An upstream that runs, and how a gateway reaches it. */
export interface UpstreamCell {
  readonly options: UpstreamOptions;
  close(): Promise<void>;
}

/** Starts an upstream. */
export type StartUpstream = (world: World) => Promise<UpstreamCell>;

/** How a gateway reaches its upstreams. */
export type UpstreamTransport = 'Streamable HTTP' | 'HTTP+SSE' | 'stdio' | 'WebSocket' | 'in-process';

/** The upstream transports, by era. Modern servers are made with the official v2 SDK, legacy ones with v1. */
export const UPSTREAM_CELLS: Readonly<Record<UpstreamTransport, Partial<Record<Era, StartUpstream>>>> = {
  'Streamable HTTP': { modern: overModernHttp, legacy: overLegacyHttp },
  // A legacy transport.
  'HTTP+SSE': { legacy: overSse },
  stdio: { modern: overModernStdio, legacy: overLegacyStdio },
  WebSocket: { modern: overModernSocket, legacy: overLegacySocket },
  'in-process': { modern: inProcessModern, legacy: inProcessLegacy },
};

async function overModernHttp(world: World): Promise<UpstreamCell> {
  const handler = createMcpHandler(() => v2Upstream(world, 'request'));
  const leave = world.join(() => {
    handler.notify.toolsChanged();
    for (const uri of [SHARED, ownUri(world.name)]) handler.notify.resourceUpdated(uri);
  });
  const http = await serveFetch((request) => handler.fetch(request));
  return httpCell(http, leave);
}

async function overLegacyHttp(world: World): Promise<UpstreamCell> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const create = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await v1Upstream(world).connect(transport);
    return transport;
  };
  const http = await startHttp(
    (req, res) =>
      void (async () => {
        const known = sessions.get(String(req.headers['mcp-session-id']));
        await (known ?? (await create())).handleRequest(req, res);
      })(),
  );
  return httpCell(http, undefined, 'principal');
}

async function overSse(world: World): Promise<UpstreamCell> {
  const sessions = new Map<string, SSEServerTransport>();
  const http = await startHttp((req, res) => {
    const known = sessions.get(new URL(req.url ?? '', 'http://x').searchParams.get('sessionId') ?? '');
    if (req.method === 'POST' && known) void known.handlePostMessage(req, res);
    else if (req.method === 'POST') res.writeHead(404).end('Cannot POST');
    else {
      const transport = new SSEServerTransport('/messages', res);
      sessions.set(transport.sessionId, transport);
      void v1Upstream(world).connect(transport);
    }
  });
  return httpCell(http, undefined, 'principal');
}

const httpCell = (
  http: TestHttpServer,
  leave = (): void => undefined,
  isolation: Isolation = 'shared',
): UpstreamCell => ({
  options: { url: http.url, isolation },
  async close() {
    leave();
    await http.close();
  },
});

async function overModernStdio(world: World): Promise<UpstreamCell> {
  const relay = await startRelay((streams) => {
    serveStdio(() => v2Upstream(world, 'connection'), { transport: new V2Stdio(streams, streams) });
  });
  return { options: { command: relay.command, args: relay.args }, close: () => relay.close() };
}

async function overLegacyStdio(world: World): Promise<UpstreamCell> {
  const relay = await startRelay((streams) => void v1Upstream(world).connect(new V1Stdio(streams, streams)));
  return { options: { command: relay.command, args: relay.args, isolation: 'principal' }, close: () => relay.close() };
}

async function overModernSocket(world: World): Promise<UpstreamCell> {
  const sockets = await serveSockets((transport) => {
    serveStdio(() => v2Upstream(world, 'connection'), { transport: transport as never });
  });
  return { options: { url: sockets.url }, close: () => sockets.close() };
}

async function overLegacySocket(world: World): Promise<UpstreamCell> {
  const sockets = await serveSockets((transport) => v1Upstream(world).connect(transport as never));
  // On a socket that all share, a call that was given up keeps other callers from being asked for a while.
  return { options: { url: sockets.url, isolation: 'principal' }, close: () => sockets.close() };
}

async function inProcessModern(world: World): Promise<UpstreamCell> {
  const server = ownUpstream(world);
  return { options: { server }, close: () => server.close() };
}

async function inProcessLegacy(world: World): Promise<UpstreamCell> {
  const server: V1Server = v1Upstream(world);
  return { options: { server }, close: () => server.close() };
}
