// The reference server of an official SDK on standard streams: `v1`, `v2` (both eras).
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { v1ReferenceServer } from './v1-server.ts';
import { v2ReferenceServer } from './v2-server.ts';
import { World } from './world.ts';

const world = new World();
if (process.argv[2] === 'v1') await v1ReferenceServer(world).connect(new StdioServerTransport());
else serveStdio(() => v2ReferenceServer(world));
