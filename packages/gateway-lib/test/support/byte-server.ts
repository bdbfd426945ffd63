import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Era, JsonObject } from '@org/mcp-sdk';

/** What a {@link byteServer} was sent. */
export interface Received {
  readonly method: string;
  /** The body, as it came. */
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** What a byte server says to a request: the JSON text of its result, and the notifications before it. */
export interface Said {
  readonly result: string;
  readonly notifications?: readonly string[];
}

/** A server over HTTP that says what it says byte for byte, in one era only. */
export async function byteServer(
  era: Era,
  say: (method: string, params: JsonObject) => Said | undefined,
): Promise<{ readonly url: string; readonly received: Received[]; close(): void }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const body = await read(request);
      const { id, method, params } = JSON.parse(body) as { id?: number; method: string; params?: JsonObject };
      received.push({ method, body, headers: request.headers });
      if (id === undefined) return response.writeHead(202).end();
      const said = isOfTheOther(era, method) ? undefined : (say(method, params ?? {}) ?? greeting(method));
      if (!said) return response.writeHead(404, JSON_TYPE).end(wrap(id, '"error":{"code":-32601,"message":"unknown"}'));
      const final = wrap(id, `"result":${said.result}`);
      if (!said.notifications) return response.writeHead(200, JSON_TYPE).end(final);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end([...said.notifications, final].map((message) => `data: ${message}\n\n`).join(''));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

const wrap = (id: number, member: string): string => `{"jsonrpc":"2.0","id":${id},${member}}`;

const isOfTheOther = (era: Era, method: string): boolean =>
  method === (era === 'modern' ? 'initialize' : 'server/discover') ||
  (era === 'legacy' && method === 'subscriptions/listen');

const CAPABILITIES = '{"tools":{},"prompts":{},"resources":{},"completions":{},"logging":{}}';

function greeting(method: string): Said | undefined {
  const result = {
    'server/discover': `{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":${CAPABILITIES}}`,
    initialize: `{"protocolVersion":"2025-11-25","capabilities":${CAPABILITIES},"serverInfo":{"name":"bytes","version":"1"}}`,
    'logging/setLevel': '{}',
    ping: '{}',
  }[method];
  return result === undefined ? undefined : { result };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
