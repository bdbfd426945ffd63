import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as V2Server } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** A server of the official v1 SDK: `echo`, and `grow`, which adds a tool and so tells of a change. */
export function v1Server(): V1Server {
  const server = new V1Server({ name: 'official-v1', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('grow', {}, () => {
    server.registerTool('grown', {}, () => ({ content: [] }));
    return { content: [{ type: 'text', text: 'grown' }] };
  });
  server.registerResource('r', 'demo://r', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'r' }] }));
  return server;
}

/** A server of the official v2 SDK with the same tools. */
export function v2Server(): V2Server {
  const server = new V2Server(
    { name: 'official-v2', version: '2.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('grow', {}, () => {
    server.registerTool('grown', {}, () => ({ content: [] }));
    return { content: [{ type: 'text', text: 'grown' }] };
  });
  server.registerResource('r', 'demo://r', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'r' }] }));
  return server;
}
