import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { report, reportCpu } from '../measure/child.ts';
import { DESCRIPTION, PARAMETERS, searchResult, TOOL } from './tool.ts';

/** The official SDK v1. Argument: `session`, `session-sse` or `stdio`. */
const mode = process.argv[2];

function makeServer(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(TOOL, { description: DESCRIPTION, inputSchema: PARAMETERS.shape }, searchResult);
  return server;
}

/** One server and transport per session. */
function serveSessions(enableJsonResponse: boolean): void {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await makeServer().connect(transport);
    return transport;
  };
  const server = createServer((req, res) => {
    const known = sessions.get(String(req.headers['mcp-session-id']));
    void (known ? Promise.resolve(known) : open()).then((transport) => transport.handleRequest(req, res));
  });
  report(server);
}

if (mode === 'stdio') {
  reportCpu();
  await makeServer().connect(new StdioServerTransport());
} else serveSessions(mode === 'session');
