import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { MCPClientBuilder, RemoteError, type Fact } from '@org/mcp-sdk';
import { bearer } from '@org/mcp-sdk/auth';

// #region authenticate
import { MCPServerBuilder, McpError, type Principal } from '@org/mcp-sdk';
import { requireAuth } from '@org/mcp-sdk/auth';

const tokens = new Map<string, Principal>([['ada-s-token', { subject: 'ada', scopes: new Set(['notes:read']) }]]);

function authenticate(header: (name: string) => string | undefined): Principal | null {
  const authorization = header('authorization');
  if (authorization === undefined) return null;
  const principal = tokens.get(authorization.replace(/^Bearer /i, ''));
  if (principal) return principal;
  const challenge = 'Bearer error="invalid_token"';
  throw new McpError('unauthenticated', 'The access token is not known.', { challenge });
}
// #endregion

// #region telemetry
import type { Telemetry } from '@org/mcp-sdk';

const telemetry: Telemetry = {
  record({ name, severity, fields }) {
    if (severity !== 'debug') console.error(JSON.stringify({ at: new Date(), severity, name, ...fields }));
  },
};
// #endregion

const facts: Fact[] = [];
const log = console.error;
console.error = (line: string) => facts.push(JSON.parse(line) as Fact);

// #region server
const server = new MCPServerBuilder({
  name: 'notes',
  version: '1.0.0',
  authenticate,
  telemetry,
  origins: ['https://app.example.com'],
})
  .use(requireAuth({ scopes: ['notes:read'] }))
  .addTool({ name: 'whoami', handler: (_params, { principal }) => principal.subject })
  .addPrompt({
    name: 'broken',
    handler: () => {
      throw new TypeError('There is a bug.');
    },
  })
  .build();
// #endregion

// #region browsers
import express from 'express';

const app = express();
app.use('/mcp', (req, res, next) => {
  res.vary('Origin');
  if (req.get('origin') === 'https://app.example.com')
    res.set({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers':
        'authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id',
      'access-control-expose-headers': 'mcp-session-id, www-authenticate',
    });
  if (req.method === 'OPTIONS') res.sendStatus(204);
  else next();
});
app.all('/mcp', server.handle);
// #endregion

// #region close
const httpServer = createServer(app).listen(0, '127.0.0.1');
process.once('SIGTERM', () => {
  httpServer.close();
  void server.close().then(() => {
    httpServer.closeAllConnections();
  });
});
// #endregion

await once(httpServer, 'listening');
const address = httpServer.address();
assert.ok(typeof address === 'object' && address);
const url = `http://127.0.0.1:${address.port}/mcp`;
const reader = (token?: string): MCPClientBuilder => {
  const builder = new MCPClientBuilder({ name: 'reader', version: '1.0.0' }).http(url);
  return token === undefined ? builder : builder.auth(bearer(token));
};
const ada = await reader('ada-s-token').build();
assert.deepEqual((await ada.tools.call('whoami')).content, [{ type: 'text', text: 'ada' }]);
await assert.rejects(ada.prompts.get('broken'), RemoteError);
assert.deepEqual(
  facts.map(({ name }) => name),
  ['call.failed'],
);
await ada.close();
await assert.rejects(reader().build());
await assert.rejects(reader('wrong').build());
const refused = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer wrong' } });
assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer error="invalid_token"']);

const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://app.example.com' } });
assert.deepEqual(
  [preflight.status, preflight.headers.get('access-control-allow-origin')],
  [204, 'https://app.example.com'],
);
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1.0.0' } },
};
const page = await fetch(url, {
  method: 'POST',
  headers: {
    origin: 'https://app.example.com',
    authorization: 'Bearer ada-s-token',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  },
  body: JSON.stringify(initialize),
});
assert.equal(page.status, 200);
assert.ok(page.headers.has('mcp-session-id'));
assert.match(page.headers.get('access-control-expose-headers') ?? '', /mcp-session-id/);
const stranger = await fetch(url, { method: 'POST', headers: { origin: 'https://other.example.com' } });
assert.deepEqual([stranger.status, stranger.headers.get('access-control-allow-origin')], [403, null]);

const subscribers = new Map<string, ((message: string) => void)[]>();
/** What a Redis connection does with these commands. */
const redis = {
  publish: (channel: string, message: string): Promise<unknown> => {
    for (const onMessage of subscribers.get(channel) ?? []) onMessage(message);
    return Promise.resolve();
  },
};
const subscriber = {
  subscribe: (channel: string): Promise<unknown> => {
    subscribers.set(channel, []);
    return Promise.resolve();
  },
  on: (_event: string, listener: (channel: string, message: string) => void): void => {
    for (const [channel, listeners] of subscribers)
      listeners.push((message) => {
        listener(channel, message);
      });
  },
};
const store = createMemoryStore();
const secret = crypto.getRandomValues(new Uint8Array(32));

// #region replicas
import { createMemoryStore, type Bus } from '@org/mcp-sdk';

/** Over two connections to Redis, for one that subscribes does nothing else; ioredis looks like this. */
const bus: Bus = {
  async publish(channel, message) {
    await redis.publish(channel, message);
  },
  subscribe(channel, onMessage) {
    void subscriber.subscribe(channel);
    let isOn = true;
    subscriber.on('message', (from, message) => {
      if (isOn && from === channel) onMessage(message);
    });
    return () => {
      isOn = false;
    };
  },
};

const buildReplica = () =>
  new MCPServerBuilder({ name: 'notes', version: '1.0.0', secret, store, bus })
    .addResource({ uri: 'notes:today', handler: () => 'Nothing.' })
    .build();
// #endregion

const [one, other] = [buildReplica(), buildReplica()];
/** A client whose requests go to each replica in turn. */
let turns = 0;
const inTurn = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
  (turns++ % 2 === 0 ? one : other).fetch(new Request(input, init));
const roaming = await new MCPClientBuilder({ name: 'roaming', version: '1.0.0' })
  .http('http://localhost/mcp', { fetch: inTurn })
  .build();
assert.equal((await roaming.resources.list().toArray()).length, 1);
assert.equal((await roaming.resources.list().toArray()).length, 1);
await roaming.close();
await Promise.all([one.close(), other.close()]);

process.emit('SIGTERM');
await once(httpServer, 'close');
console.error = log;
