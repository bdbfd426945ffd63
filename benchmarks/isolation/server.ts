import { MCPServerBuilder } from '@org/mcp-sdk';

/** An upstream of its own process: over stdio, or over HTTP on the port that the first argument names (0 picks one). */
const server = new MCPServerBuilder({ name: 'victim', version: '1.0.0' })
  .addTool({ name: 'pid', handler: () => process.pid })
  .build();

const port = process.argv[2];
if (port === undefined) await server.serveStdio();
else {
  const listener = await server.listen({ port: Number(port) });
  process.send?.({ url: listener.url });
  process.once('disconnect', () => process.exit(0));
}
