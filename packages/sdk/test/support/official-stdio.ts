// An official server on standard streams: `v1`, `v2` (legacy only) or `v2-modern` (both eras).
import { v1Server, v2Server } from './official-servers.ts';

const [kind] = process.argv.slice(2);
if (kind === 'v1') {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  await v1Server().connect(new StdioServerTransport());
} else {
  const { serveStdio, StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
  if (kind === 'v2') await v2Server().connect(new StdioServerTransport());
  else serveStdio(() => v2Server());
}
