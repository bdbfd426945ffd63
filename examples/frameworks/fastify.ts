import { Gateway } from '@org/mcp-gateway';
import fastify from 'fastify';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in Fastify, as a plugin: its parser, which leaves the body to the gateway, is for its route only. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const app = fastify({ forceCloseConnections: true });
  app.addHook('preClose', () => gateway.close());
  await app.register(async (mcp) => {
    mcp.removeAllContentTypeParsers();
    mcp.addContentTypeParser('*', (_request, _body, done) => {
      done(null);
    });
    mcp.all('/mcp', (request, reply) => {
      reply.hijack();
      return gateway.handle(request.raw, reply.raw);
    });
  });
  const origin = await app.listen({ port, host: '127.0.0.1' });
  return { url: `${origin}/mcp`, close: () => app.close() };
}
