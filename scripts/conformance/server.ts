// Serves what the public conformance suite judges, and prints its URL. Argument: a key of SERVED.
import { createServer } from 'node:http';
import { Gateway, type Isolation, type UpstreamOptions } from '@org/mcp-gateway';
import type { Era, Handler, MCPServer } from '@org/mcp-sdk';
import { listenHttp } from '@org/mcp-sdk/node';
import { serveHttp } from '@org/mcp-sdk/serve';
import { backend, POLL_AFTER_MS } from './backend.ts';
import { createDecoy } from './decoy.ts';
import { listening } from './listening.ts';
import { listenOfficial } from './official.ts';
import { oneEra } from './one-era.ts';
import { withoutPrefix } from './without-prefix.ts';

const EDGE = { pollAfterMs: POLL_AFTER_MS };

/** The backend alone, and gateways before each kind of backend. */
const SERVED: Readonly<Record<string, () => Promise<string>>> = {
  backend: () => listen(backend),
  dual: async () => before(await listen(backend)),
  official: async () => before(await listenOfficial()),
  collision: beforeTwo,
  // Roots are asked for where no two callers share a session of the server.
  legacy: async () => before(await listenOneEra('legacy'), 'session'),
  modern: async () => before(await listenOneEra('modern')),
};

const [name = 'backend'] = process.argv.slice(2);
const serve = SERVED[name];
if (!serve) throw new Error(`There is no server "${name}": it is one of ${Object.keys(SERVED).join(', ')}.`);
console.log(await serve());

async function listen(server: MCPServer): Promise<string> {
  return (await server.listen()).url;
}

async function listenOneEra(era: Era): Promise<string> {
  const { handle } = serveHttp(backend.handler, EDGE);
  return (await listenHttp(oneEra(era, handle))).url;
}

function before(url: string, isolation: Isolation = 'shared'): Promise<string> {
  const gateway = new Gateway({ upstreams: { backend: { url, isolation } }, naming: 'never', ...EDGE });
  return listening(createServer((req, res) => void gateway.handle(req, res)));
}

/** A gateway before two servers that offer the same. The callers see the first one only, by its own names. */
async function beforeTwo(): Promise<string> {
  const upstreams: Record<string, UpstreamOptions> = {
    backend: { url: await listen(backend) },
    decoy: { url: await listen(await createDecoy()) },
  };
  const gateway = new Gateway({ upstreams, naming: 'always' });
  return serveAlone(withoutPrefix('backend_')(gateway.handler));
}

async function serveAlone(handler: Handler): Promise<string> {
  return (await listenHttp(serveHttp(handler, EDGE).handle)).url;
}
