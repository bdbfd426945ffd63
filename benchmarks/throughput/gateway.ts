import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { report, upstreamUrl } from '../measure/child.ts';

/** The gateway with one HTTP upstream; the second argument is the naming: `never` relays names, `always` rewrites them. */
const naming = process.argv[3] === 'always' ? 'always' : 'never';
const gateway = new Gateway({ naming, upstreams: { up: { url: upstreamUrl() } } });
await gateway.start();
report(createServer((req, res) => void gateway.handle(req, res)));
