import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { randomUUID } from 'node:crypto';
import { startHttp, type TestHttpServer } from './http-server.ts';

/** Official v1 servers behind one URL, one for each session. */
export function startSessions(create: () => McpServer): Promise<TestHttpServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await create().connect(transport);
    return transport;
  };
  return startHttp(
    (req, res) =>
      void (async () => {
        const known = sessions.get(String(req.headers['mcp-session-id']));
        await (known ?? (await open())).handleRequest(req, res);
      })(),
  );
}
