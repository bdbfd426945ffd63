// A small server in a process of its own: `upstream-server.ts http <port>` or `upstream-server.ts stdio`.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const server = new MCPServerBuilder({ name: `upstream-${process.pid}`, version: '1.0.0' })
  .addTool({ name: 'pid', handler: () => process.pid })
  .addTool({ name: 'echo', parameters: z.object({ text: z.string() }), handler: ({ text }) => text })
  .addTool({
    name: 'wait',
    parameters: z.object({ ms: z.number() }),
    handler: async ({ ms }) => {
      await pause(ms);
      return 'waited';
    },
  })
  .addTool({ name: 'env', handler: () => ({ env: process.env }) })
  .addTool({
    name: 'spawn',
    handler: () => {
      const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      // This process ends without waiting for it.
      left.unref();
      return String(left.pid);
    },
  })
  .build();

if (process.argv[2] === 'stdio') await server.serveStdio();
else {
  const { url } = await server.listen({ port: Number(process.argv[3] ?? 0) });
  process.stdout.write(`${url}\n`);
}
