import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Gateway } from '@org/mcp-gateway';
import { Hono } from 'hono';
import { running } from './running.ts';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in Hono, by web standards: the same line works on Bun, Deno and workers. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const app = new Hono();
  app.all('/mcp', (context) => gateway.fetch(context.req.raw));
  return running(serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }) as Server, gateway);
}
