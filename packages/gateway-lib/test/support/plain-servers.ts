import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MODERN_VERSION, type JsonObject } from '@org/mcp-sdk';

/** A legacy server over stdio in plain JavaScript: starts fast, and does what no SDK would let it. */
const SCRIPT = `
const write = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const tool = (name) => ({ name, inputSchema: { type: 'object' } });
const text = (id, value) => write({ id, result: { content: [{ type: 'text', text: String(value) }] } });
const tools = {
  compute(id) { for (const end = Date.now() + 2000; Date.now() < end;); text(id, 'computed'); },
  pid(id) { text(id, process.pid); },
  last(id) { text(id, 'x'.repeat(1_000_000)); process.stdout.write('', () => process.exit(0)); },
  orphan(id) {
    const child = require('node:child_process').spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'ignore'] });
    child.unref();
    text(id, child.pid);
    setTimeout(() => process.exit(1), 50);
  },
};
let rest = '';
process.stdin.setEncoding('utf8').on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    if (method === 'initialize')
      write({ id, result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'plain', version: '1' } } });
    else if (method === 'tools/list') write({ id, result: { tools: Object.keys(tools).map(tool) } });
    else if (method === 'tools/call') tools[params.name](id);
    else if (method === 'ping') write({ id, result: {} });
    else if (id !== undefined) write({ id, error: { code: -32601, message: 'no' } });
  }
});
process.stdin.on('end', () => process.exit(0));
`;

/** The server of plain JavaScript, as a child. */
export const PLAIN_CHILD = { command: process.execPath, args: ['-e', SCRIPT] };

/** The same, telling of its start, that ends at any request that it does not know. */
export const FRAGILE_CHILD = {
  command: process.execPath,
  args: [
    '-e',
    `console.error('started'); ${SCRIPT.replace("write({ id, error: { code: -32601, message: 'no' } })", 'process.exit(1)')}`,
  ],
};

/** Answers a message; `false` leaves it to the server. */
export type Override = (message: JsonObject, response: ServerResponse) => Promise<boolean> | boolean;

/** A modern server over HTTP whose answers a test can replace. */
export async function plainHttp(
  tools: unknown[],
  override: Override,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const answers: Record<string, JsonObject> = {
    'server/discover': { supportedVersions: [MODERN_VERSION], capabilities: { tools: {} } },
    'tools/list': { tools },
    'tools/call': { content: [{ type: 'text', text: 'ok' }] },
  };
  const server = createServer((request, response) => {
    void (async () => {
      const message = await read(request);
      if (await override(message, response)) return;
      const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...answers[String(message.method)] };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
}
