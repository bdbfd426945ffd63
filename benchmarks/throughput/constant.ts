import { createServer } from 'node:http';
import { report } from '../measure/child.ts';
import { ENVELOPE } from '../server/requests.ts';

/** `node:http` answering a constant: what the first argument, a URL, answers to `tools/list`; without one 150 bytes. */
const [, , url] = process.argv;

async function readList(from: string): Promise<Buffer> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1e11, method: 'tools/list', params: ENVELOPE });
  return Buffer.from(await (await fetch(from, { method: 'POST', headers, body })).arrayBuffer());
}

const body = url === undefined ? Buffer.alloc(150, 'x') : await readList(url);
const server = createServer((req, res) => {
  req.resume().on('end', () => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
});
report(server);
