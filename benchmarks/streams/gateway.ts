import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gateway } from '@org/mcp-gateway';
import type { ChildMessage } from '../measure/child.ts';
import { upstreamUrl } from '../measure/child.ts';
import { reportResident } from './resident.ts';

/** The gateway whose memory is watched, with one HTTP upstream. A busy machine is no fault of it, nor a long stream. */
const up = { url: upstreamUrl(), timeoutMs: 600_000, livenessMs: 10_000 };
const gateway = new Gateway({ naming: 'never', upstreams: { up } });
await gateway.start();
reportResident();
const server = createServer((req, res) => void gateway.handle(req, res)).listen(0, '127.0.0.1', 4_096, () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}/mcp` } satisfies ChildMessage);
});
