import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MCPServerBuilder, type MCPServer, type ServerOptions } from '../src/index.ts';
import { deferred } from './support/fake-clock.ts';
import { modern } from './support/raw-http.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server with a tool `work` that ends when it is let go. */
function serve(options: Partial<ServerOptions> = {}) {
  const gate = deferred();
  const server = new MCPServerBuilder({ name: 'upgrades', version: '1.0.0', ...options })
    .addTool({ name: 'hello', handler: () => 'hello' })
    .addTool({
      name: 'work',
      handler: () => gate.promise.then(() => 'done'),
    })
    .build();
  ends.push(() => server.close());
  return { server, go: gate.resolve };
}

/** A connection of a peer that says what it likes. `text` is all that came so far. */
async function dial(port: number, allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  ends.push(() => socket.destroy());
  const peer = { socket, text: '', closed: once(socket, 'close') };
  socket.on('error', () => undefined).on('data', (data) => (peer.text += String(data)));
  await once(socket, 'connect');
  return peer;
}

const upgrade = (path: string, ...lines: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', ...lines, '', ''].join(
    '\r\n',
  );
const WEB_SOCKET = [
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: mcp',
];

/** A modern call as bytes. */
function post(name: string, ...lines: string[]): string {
  const { headers, message } = modern('tools/call', { name });
  const body = JSON.stringify(message);
  const head = Object.entries({ host: 'localhost', ...headers, 'content-length': body.length }).map(
    ([key, value]) => `${key}: ${value}`,
  );
  return ['POST /mcp HTTP/1.1', ...head, ...lines, '', body].join('\r\n');
}

/** The first bytes that come back on a connection of their own. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const { socket } = await dial(port);
  socket.write(bytes);
  return String(((await once(socket, 'data')) as [Buffer])[0]);
}

/** The server on its own port, and on one of a host. */
const HOSTS: Record<string, (server: MCPServer) => Promise<number>> = {
  'that listens itself': async (server) => (await server.listen()).port,
  'of a host': async (server) => {
    const host = createServer((req, res) => void server.handle(req, res)).on(
      'upgrade',
      (req, socket, head) => void server.upgrade(req, socket, head),
    );
    host.listen(0, '127.0.0.1');
    await once(host, 'listening');
    ends.push(() => {
      host.closeAllConnections();
      host.close();
    });
    return (host.address() as AddressInfo).port;
  },
};

describe('a peer that resets the connection of its upgrade', () => {
  it('ends nothing else once it was refused', async () => {
    const { server } = serve();
    const { port } = await server.listen();
    const peer = await dial(port, true);
    peer.socket.write(upgrade('/other'));
    await once(peer.socket, 'data');
    peer.socket.resetAndDestroy();
    await peer.closed;
    expect(await answerTo(port, post('hello'))).toContain('200 OK');
  });

  it('ends nothing else before it is decided', async () => {
    const [asked, decided] = [deferred(), deferred()];
    const authenticate = async (): Promise<null> => {
      asked.resolve();
      await decided.promise;
      return null;
    };
    const { server } = serve({ authenticate });
    const { port } = await server.listen();
    const peer = await dial(port);
    peer.socket.write(upgrade('/mcp', ...WEB_SOCKET));
    await asked.promise;
    peer.socket.resetAndDestroy();
    await peer.closed;
    decided.resolve();
    expect(await answerTo(port, post('hello'))).toContain('200 OK');
  });
});

describe.each(Object.keys(HOSTS))('an upgrade behind a call that is not answered, on a server %s', (host) => {
  it.each<[string, string[]]>([
    ['refused', ['Origin: https://evil.example']],
    ['accepted', WEB_SOCKET],
  ])('ends the connection, and the server lives on: one that would be %s', async (_, lines) => {
    const { server, go } = serve();
    const port = (await HOSTS[host]?.(server)) ?? 0;
    const peer = await dial(port);
    peer.socket.write(post('work') + upgrade('/mcp', ...lines));
    await peer.closed;
    go();
    expect(peer.text).toBe('');
    expect(await answerTo(port, post('hello'))).toContain('200 OK');
  });
});

it('a refusal that cannot be told to telemetry ends the connection only', async () => {
  const record = (): never => {
    throw new Error('The log is down.');
  };
  const { server } = serve({ telemetry: { record } });
  const { port } = await server.listen();
  const peer = await dial(port);
  peer.socket.write(upgrade('/mcp'));
  await peer.closed;
  expect(await answerTo(port, post('hello'))).toContain('200 OK');
});

describe('a server that closes', () => {
  it('does not wait for a peer that was refused an upgrade and keeps its half of the connection', async () => {
    const { server } = serve();
    const peer = await dial((await server.listen()).port, true);
    peer.socket.write(upgrade('/other'));
    await once(peer.socket, 'data');
    await server.close();
    expect(peer.text).toContain('404 Not Found');
  });

  it('cuts a handshake that is not decided after 5 s', async () => {
    const asked = deferred();
    const authenticate = (): Promise<null> => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const { server } = serve({ authenticate });
    const peer = await dial((await server.listen()).port);
    peer.socket.write(upgrade('/mcp', ...WEB_SOCKET));
    await asked.promise;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closing = server.close();
    vi.advanceTimersByTime(5_000);
    await Promise.all([closing, peer.closed]);
  });
});

describe.each(Object.keys(HOSTS))('a request that offers h2c, on a server %s', (host) => {
  const OFFER = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'];

  it('is served without the upgrade, also when its body comes late, and again on the same connection', async () => {
    const { server } = serve();
    const { socket } = await dial((await HOSTS[host]?.(server)) ?? 0);
    const bytes = post('hello', ...OFFER);
    for (const cut of [bytes.length, bytes.indexOf('\r\n\r\n') + 4, bytes.length - 5]) {
      const answer = once(socket, 'data');
      await new Promise((resolve) => socket.write(bytes.slice(0, cut), resolve));
      socket.write(bytes.slice(cut));
      const [data] = (await answer) as [Buffer];
      expect(String(data)).toMatch(/^HTTP\/1\.1 200 OK[^]*"text":"hello"/);
    }
  });
});
