import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { buildGreeter } from './greeter.ts';
import { running } from './running.ts';
import type { Running } from './upstreams.ts';

/** A server in Hono, by web standards: the same line works on Bun, Deno and workers. */
export async function start(port = 0): Promise<Running> {
  const server = buildGreeter();
  const app = new Hono();
  app.all('/mcp', (context) => server.fetch(context.req.raw));
  return running(serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }) as Server, server);
}
