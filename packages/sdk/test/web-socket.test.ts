import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { bearer } from '../src/auth.ts';
import {
  createCall,
  MCPClientBuilder,
  MCPServerBuilder,
  McpError,
  type MCPServer,
  type ServerOptions,
} from '../src/index.ts';
import { FakeClock, settled } from './support/fake-clock.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function serve(options: Partial<ServerOptions> = {}): MCPServer {
  const server = new MCPServerBuilder({ name: 'sockets', version: '1.0.0', ...options })
    .addTool({ name: 'whoami', handler: (_params, { principal }) => principal?.subject ?? 'nobody' })
    .build();
  ends.push(() => server.close());
  return server;
}

const authenticate: ServerOptions['authenticate'] = (header) => {
  if (header('authorization') === 'Bearer good') return { subject: 'ada', scopes: new Set() };
  throw new McpError('unauthenticated', 'Who are you?', { challenge: 'Bearer realm="sockets"' });
};

async function listening(server: MCPServer): Promise<string> {
  const { url } = await server.listen();
  return url.replace('http', 'ws');
}

/** Serves the handshakes of an HTTP server that is not the server's own. */
async function hosted(server: MCPServer): Promise<string> {
  const host = createServer().on('upgrade', (req, socket, head) => void server.upgrade(req, socket, head));
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  ends.push(() => host.close());
  return `ws://127.0.0.1:${(host.address() as AddressInfo).port}`;
}

const call = (id: number, name = 'whoami'): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: createCall('tools/call', { name }).params.value });

/** Opens a socket of a client that is not ours. */
async function open(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, 'mcp', options);
  ends.push(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  return socket;
}

/** What a handshake that fails is answered with. */
async function refusal(url: string, protocols: string[], options: ClientOptions = {}): Promise<IncomingMessage> {
  const socket = new WebSocket(url, protocols, options);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  return response;
}

const closeCode = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

describe('before the upgrade', () => {
  it.each<[string, number, ClientOptions]>([
    ['a foreign origin', 403, { headers: { origin: 'https://evil.example' } }],
    ['a foreign host', 403, { headers: { host: 'evil.example' } }],
    ['nobody', 401, {}],
  ])('%s is refused with %d', async (_, status, options) => {
    const url = await listening(serve({ authenticate }));
    expect((await refusal(url, ['mcp'], options)).statusCode).toBe(status);
  });

  it('a caller without the subprotocol is refused', async () => {
    expect((await refusal(await listening(serve()), ['other'])).statusCode).toBe(400);
  });

  it('the challenge is told', async () => {
    const url = await listening(serve({ authenticate }));
    expect((await refusal(url, ['mcp'])).headers['www-authenticate']).toBe('Bearer realm="sockets"');
  });

  it('another path is not found', async () => {
    const url = await listening(serve());
    expect((await refusal(`${url}/other`, ['mcp'])).statusCode).toBe(404);
  });
});

describe('an open socket', () => {
  it('acts for who was authenticated, in text frames', async () => {
    const socket = await open(await listening(serve({ authenticate })), { headers: { authorization: 'Bearer good' } });
    socket.send(call(1));
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect(isBinary).toBe(false);
    expect(JSON.parse(data.toString())).toMatchObject({ id: 1, result: { content: [{ text: 'ada' }] } });
  });

  it.each<[string, number, (socket: WebSocket) => void]>([
    ['a binary frame', 1003, (socket) => socket.send(Buffer.from(call(1)))],
    ['a frame that is too long', 1009, (socket) => socket.send('x'.repeat(1_001))],
    ['a text that is not UTF-8', 1007, (socket) => socket.send(Buffer.from([0xc3, 0x28]), { binary: false })],
  ])('is closed on %s with %d; others live on', async (_, code, send) => {
    const url = await listening(serve({ limits: { maxBytes: 1_000 } }));
    const [bad, good] = [await open(url), await open(url)];
    send(bad);
    expect(await closeCode(bad)).toBe(code);
    good.send(call(2));
    const [data] = (await once(good, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({ id: 2 });
  });

  it('answers what is no message with an error and lives on', async () => {
    const socket = await open(await listening(serve()));
    socket.send('{');
    expect(JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0]))).toMatchObject({
      error: { code: -32700 },
    });
    socket.send(call(3));
    expect(JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0]))).toMatchObject({ id: 3 });
  });

  it('is cut when the peer answers no ping', async () => {
    const clock = new FakeClock();
    const url = await listening(serve({ clock, keepAliveMs: 10_000 }));
    const socket = await open(url, { autoPong: false });
    const pinged = once(socket, 'ping');
    clock.advance(10_000);
    await pinged;
    clock.advance(10_000);
    expect(await closeCode(socket)).toBe(1006);
  });

  it('stays when the peer answers', async () => {
    const clock = new FakeClock();
    const socket = await open(await listening(serve({ clock, keepAliveMs: 10_000 })));
    for (let round = 0; round < 3; round++) {
      const pinged = once(socket, 'ping');
      clock.advance(10_000);
      await pinged;
      // An answer to a later message says that the pong has arrived.
      socket.send(call(round));
      await once(socket, 'message');
    }
    expect(socket.readyState).toBe(socket.OPEN);
  });
});

describe('a server that closes a socket', () => {
  it('does not wait for a peer that does not answer', async () => {
    const clock = new FakeClock();
    const server = serve({ clock });
    const socket = await open(await hosted(server));
    socket.send(call(1));
    await once(socket, 'message');
    socket.pause();
    const closing = server.close();
    const code = closeCode(socket);
    await settled();
    clock.advance(1_000);
    await closing;
    socket.resume();
    expect(await code).toBe(1000);
  });

  it('runs nothing that comes after a frame it does not take', async () => {
    let runs = 0;
    const server = new MCPServerBuilder({ name: 'sockets', version: '1.0.0' })
      .addTool({ name: 'count', handler: () => String(++runs) })
      .build();
    ends.push(() => server.close());
    const socket = await open(await listening(server));
    const code = closeCode(socket);
    socket.send(Buffer.from('x'));
    socket.send(call(1, 'count'));
    expect([await code, runs]).toEqual([1003, 0]);
  });
});

describe('the server of a host', () => {
  it('takes handshakes through `upgrade`, and waits for running calls when it closes', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const mcp = new MCPServerBuilder({ name: 'sockets', version: '1.0.0' })
      .addTool({
        name: 'slow',
        async handler() {
          hasBegun();
          await finished;
          return 'done';
        },
      })
      .build();
    const url = await hosted(mcp);
    const socket = await open(url);
    socket.send(call(1, 'slow'));
    await begun;
    const closed = mcp.close();
    const answer = once(socket, 'message');
    const code = closeCode(socket);
    finish();
    expect(String(((await answer) as [Buffer])[0])).toContain('done');
    await closed;
    expect(await code).toBe(1000);
    expect((await refusal(url, ['mcp'])).statusCode).toBe(502);
  });
});

describe('the client', () => {
  const builder = (): MCPClientBuilder => new MCPClientBuilder({ name: 'c', version: '1.0.0' });

  it('shows its credentials', async () => {
    const url = await listening(serve({ authenticate }));
    const client = await builder().webSocket(url).auth(bearer('good')).build();
    expect(await client.tools.call('whoami')).toMatchObject({ content: [{ text: 'ada' }] });
    await client.close();
  });

  it('is made of an entry of a config', async () => {
    const url = await listening(serve({ authenticate }));
    const client = await builder()
      .fromConfig({ url, headers: { authorization: 'Bearer good' } })
      .build();
    expect(await client.tools.call('whoami')).toMatchObject({ content: [{ text: 'ada' }] });
    await client.close();
  });

  it('says that it was refused, without the credential', async () => {
    const url = await listening(serve({ authenticate }));
    const refused = builder().webSocket(url).auth(bearer('s3cret')).build();
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.not.stringContaining('s3cret') as string,
    });
  });

  it('says that nobody is there, and when it takes too long', async () => {
    await expect(builder().webSocket('ws://127.0.0.1:1/mcp').build()).rejects.toMatchObject({ code: 'unavailable' });
    const mute = createServer().on('upgrade', () => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      mute.closeAllConnections();
      mute.close();
    });
    const { port } = mute.address() as AddressInfo;
    const late = builder().webSocket(`ws://127.0.0.1:${port}`).timeouts({ connectMs: 50 }).build();
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });

  it('takes WebSocket URLs only', () => {
    expect(() => builder().webSocket('http://127.0.0.1/mcp')).toThrow('ws: or wss:');
  });

  it('fails what is under way when the server goes away', async () => {
    const host = createServer();
    const server = new WebSocketServer({ server: host, handleProtocols: () => 'mcp' });
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString()) as { id: number; method: string };
        if (method !== 'server/discover') socket.terminate();
        else
          socket.send(
            JSON.stringify({
              jsonrpc: '2.0',
              id,
              result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
            }),
          );
      });
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    ends.push(() => host.close());
    const client = await builder()
      .webSocket(`ws://127.0.0.1:${(host.address() as AddressInfo).port}`)
      .build();
    await expect(client.tools.call('x')).rejects.toMatchObject({ code: 'unavailable' });
    await client.closed;
  });
});
