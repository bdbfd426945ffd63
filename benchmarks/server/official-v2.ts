import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { report, reportCpu } from '../measure/child.ts';
import { toNodeHandler } from './to-node-handler.ts';
import { DESCRIPTION, PARAMETERS, searchResult, TOOL } from './tool.ts';

/** The official SDK v2. Argument: `http` (modern, and legacy without sessions), `session`, `session-sse` or `stdio`. */
const mode = process.argv[2];

function makeServer(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(TOOL, { description: DESCRIPTION, inputSchema: PARAMETERS }, searchResult);
  return server;
}

/** One server and transport per session; `getRequestListener` is what its `NodeStreamableHTTPServerTransport` uses. */
function serveSessions(enableJsonResponse: boolean): void {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const open = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await makeServer().connect(transport);
    return transport;
  };
  const fetch = async (request: Request): Promise<Response> => {
    const transport = sessions.get(request.headers.get('mcp-session-id') ?? '') ?? (await open());
    return transport.handleRequest(request);
  };
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  report(createServer((req, res) => void listener(req, res)));
}

if (mode === 'stdio') {
  reportCpu();
  serveStdio(makeServer);
} else if (mode === 'http') report(createServer(toNodeHandler(createMcpHandler(makeServer).fetch)));
else serveSessions(mode === 'session');
