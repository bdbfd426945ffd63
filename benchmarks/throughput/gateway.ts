import { createServer } from 'node:http';
import { Gateway, type GatewayOptions } from '@org/mcp-gateway';
import { report } from '../measure/child.ts';
import { builtServer, everything, manyServers, readsResult } from './gateway-parts.ts';
import { stdioCommand } from './stdio-command.ts';

/** The gateway. Arguments: what it is to be, the URL of its upstream if it has one. */
const [, , kind = '', url = ''] = process.argv;

const KINDS: Readonly<Record<string, () => GatewayOptions>> = {
  default: () => ({ naming: 'never', upstreams: { up: { url } } }),
  renamed: () => ({ upstreams: { up: { url } } }),
  'reads-result': () => ({ naming: 'never', upstreams: { up: { url } }, use: [readsResult] }),
  everything: () => ({ ...everything(), upstreams: { up: { url, tools: { exclude: ['delete_*'] } } } }),
  'in-process': () => ({ naming: 'never', upstreams: { up: { server: builtServer() } } }),
  stdio: () => ({ naming: 'never', upstreams: { up: stdioCommand('modern') } }),
  'stdio-legacy': () => ({ naming: 'never', upstreams: { up: stdioCommand('legacy') } }),
  'web-socket': () => ({ naming: 'never', upstreams: { up: { url: url.replace('http:', 'ws:') } } }),
  list: () => ({ upstreams: manyServers(50) }),
  wide: () => ({ naming: 'never', upstreams: { up: { url }, ...manyServers(499) } }),
};

const make = KINDS[kind];
if (!make) throw new Error(`There is no gateway "${kind}".`);
const gateway = new Gateway(make());
const selected = { name: 'team', tools: { include: ['up_*'], exclude: ['*_secret'] } };
const { handle } = kind === 'everything' ? gateway.view(selected) : gateway;
await gateway.start();
report(createServer((req, res) => void handle(req, res)));
