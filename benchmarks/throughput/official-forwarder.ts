import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { report, upstreamUrl } from '../measure/child.ts';
import { toNodeHandler } from '../server/to-node-handler.ts';

/** A gateway made of the official SDK v2: one `Client`, and an `McpServer` for each request, as its handler wants it. */
const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
await client.connect(new StreamableHTTPClientTransport(upstreamUrl()));

function makeServer(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, (args) =>
    client.callTool({ name: 'echo', arguments: args }),
  );
  return server;
}

report(createServer(toNodeHandler(createMcpHandler(makeServer).fetch)));
