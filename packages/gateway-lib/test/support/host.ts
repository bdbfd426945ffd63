// A host application: `host.ts http|stdio`. It closes its gateway on SIGTERM and then has to end by itself.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gateway } from '../../src/index.ts';
import { STDIO } from './children.ts';

const gateway = new Gateway({ upstreams: { up: STDIO } });
process.once('SIGTERM', () => void gateway.close());

if (process.argv[2] === 'stdio') void gateway.serveStdio();
else {
  const server = createServer((req, res) => void gateway.handle(req, res));
  process.once('SIGTERM', () => void gateway.close().then(() => server.close()));
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp\n`);
  });
}
