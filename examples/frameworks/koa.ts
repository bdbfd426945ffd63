import { Gateway } from '@org/mcp-gateway';
import Koa from 'koa';
import { running } from './running.ts';
import { upstreams, type Running } from './upstreams.ts';

/** The gateway in Koa, which must not answer itself: `respond = false`. */
export async function start(port = 0): Promise<Running> {
  const gateway = new Gateway({ upstreams });
  const app = new Koa();
  app.use((context, next) => {
    if (context.path !== '/mcp') return next();
    context.respond = false;
    return gateway.handle(context.req, context.res);
  });
  return running(app.listen(port, '127.0.0.1'), gateway);
}
