// Serves what the public conformance suite judges, and prints its URL: the backend itself, or a gateway before it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gateway } from '@org/mcp-gateway';
import { backend, POLL_AFTER_MS } from './backend.ts';

const { url } = await backend.listen();
console.log(process.argv.includes('--through-gateway') ? await gatewayBefore(url) : url);

async function gatewayBefore(upstream: string): Promise<string> {
  const gateway = new Gateway({
    upstreams: { backend: { url: upstream } },
    naming: 'never',
    pollAfterMs: POLL_AFTER_MS,
  });
  const server = createServer((req, res) => void gateway.handle(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
