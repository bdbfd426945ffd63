import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveFetch } from '../support/fetch-server.ts';
import { startHttp, type TestHttpServer } from '../support/http-server.ts';
import { v1ReferenceServer } from './v1-server.ts';
import { v2ReferenceServer } from './v2-server.ts';
import type { World } from './world.ts';

/** The v2 SDK as it serves requests of both eras, one instance each: legacy clients have no session. */
export function startV2Stateless(world: World): Promise<TestHttpServer> {
  const handler = createMcpHandler(() => v2ReferenceServer(world, handler.notify));
  return serveFetch((request) => handler.fetch(request));
}

/** The v2 SDK with sessions: legacy only. */
export function startV2Sessions(world: World): Promise<TestHttpServer> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const create = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await v2ReferenceServer(world).connect(transport);
    return transport;
  };
  return serveFetch(async (request) => {
    const known = sessions.get(request.headers.get('mcp-session-id') ?? '');
    return (known ?? (await create())).handleRequest(request);
  });
}

/** The v1 SDK with sessions. */
export function startV1Sessions(world: World): Promise<TestHttpServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const create = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await v1ReferenceServer(world).connect(transport);
    return transport;
  };
  return startHttp(
    (req, res) =>
      void (async () => {
        const known = sessions.get(String(req.headers['mcp-session-id']));
        await (known ?? (await create())).handleRequest(req, res);
      })(),
  );
}

/** The v1 SDK without sessions: an instance for each request. */
export function startV1Stateless(world: World): Promise<TestHttpServer> {
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method !== 'POST') {
      res.writeHead(405).end();
      return;
    }
    const transport = new StreamableHTTPServerTransport({});
    await v1ReferenceServer(world).connect(transport);
    await transport.handleRequest(req, res);
  };
  return startHttp((req, res) => void serve(req, res));
}

/** The v1 SDK over HTTP+SSE, as servers of 2024-11-05 are written: a GET at one path, posts at another. */
export function startV1Sse(world: World): Promise<TestHttpServer> {
  const sessions = new Map<string, SSEServerTransport>();
  return startHttp((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
    const known = sessions.get(searchParams.get('sessionId') ?? '');
    if (req.method === 'POST' && pathname === '/messages' && known) void known.handlePostMessage(req, res);
    else if (req.method !== 'GET') res.writeHead(404).end('Cannot POST');
    else {
      const transport = new SSEServerTransport('/messages', res);
      sessions.set(transport.sessionId, transport);
      void v1ReferenceServer(world).connect(transport);
    }
  });
}
