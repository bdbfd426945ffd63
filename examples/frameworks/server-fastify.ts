import fastify from 'fastify';
import { buildGreeter } from './greeter.ts';
import type { Running } from './upstreams.ts';

/** A server in Fastify, as a plugin: its parser, which leaves the body to the server, is for its route only. */
export async function start(port = 0): Promise<Running> {
  const server = buildGreeter();
  const app = fastify({ forceCloseConnections: true });
  app.addHook('preClose', () => server.close());
  await app.register(async (mcp) => {
    mcp.removeAllContentTypeParsers();
    mcp.addContentTypeParser('*', (_request, _body, done) => {
      done(null);
    });
    mcp.all('/mcp', (request, reply) => {
      reply.hijack();
      return server.handle(request.raw, reply.raw);
    });
  });
  const origin = await app.listen({ port, host: '127.0.0.1' });
  return { url: `${origin}/mcp`, close: () => app.close() };
}
