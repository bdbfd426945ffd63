import { describe, expect, it } from 'vitest';
import { deferred, FakeClock, settled } from './support/fake-clock.ts';
import { modern } from './support/raw-http.ts';
import { MCPServerBuilder, type ServerOptions } from '../src/index.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** A server with one tool that ends when it is let go, or when it is cancelled; and callers of both eras. */
async function busyServer(options: Partial<ServerOptions> = {}) {
  const [gate, clock] = [deferred(), new FakeClock()];
  const server = new MCPServerBuilder({ name: 'busy', version: '1.0.0', clock, ...options })
    .addTool({
      name: 'work',
      handler: (_params, { signal }) =>
        Promise.race([
          gate.promise.then(() => 'done'),
          new Promise<string>((resolve) => {
            signal.addEventListener('abort', () => {
              resolve('cancelled');
            });
          }),
        ]),
    })
    .build();
  const post = (message: object, headers: Record<string, string>): Promise<Response> =>
    server.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { ...JSON_TYPE, ...headers },
        body: JSON.stringify(message),
      }),
    );
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const opened = await post({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, {});
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const { message, headers } = modern('tools/call', { name: 'work' });
  const legacy = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'work' } };
  return {
    server,
    clock,
    go: gate.resolve,
    modern: () => post(message, headers),
    legacy: () => post(legacy, session),
    stateless: () => post(legacy, {}),
  };
}

describe('a server that closes', () => {
  it('lets the calls of both eras finish, and takes no new ones', async () => {
    const { server, clock, go, modern: callModern, legacy } = await busyServer();
    const running = [callModern(), legacy()];
    await settled();
    const closing = server.close();
    const refused = await callModern();
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { data: { code: 'overloaded' } } }]);
    go();
    for (const response of await Promise.all(running))
      expect(await response.json()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    await closing;
    expect(clock.waiting).toBe(0);
  });

  it.each(['modern', 'legacy'] as const)('waits 5 s for them, and cancels those of the %s era then', async (era) => {
    const busy = await busyServer();
    const running = busy[era]();
    await settled();
    const closing = busy.server.close();
    await settled();
    busy.clock.advance(5_000);
    await closing;
    expect(await (await running).json()).toMatchObject({ result: { content: [{ text: 'cancelled' }] } });
  });

  it('cancels the calls of legacy callers without a session then, too', async () => {
    const { server, clock, stateless } = await busyServer({ legacySessions: false });
    const running = stateless();
    await settled();
    const closing = server.close();
    clock.advance(5_000);
    await closing;
    expect(await (await running).json()).toMatchObject({ result: { content: [{ text: 'cancelled' }] } });
  });

  it('can be closed twice', async () => {
    const { server } = await busyServer();
    await Promise.all([server.close(), server.close()]);
  });
});

describe('a client in the process of a server that closes', () => {
  async function connected() {
    const busy = await busyServer();
    const transport = busy.server.connect();
    const told: unknown[] = [];
    transport.onmessage = (message) => told.push(message);
    transport.onclose = () => told.push('closed');
    await transport.start();
    await transport.send(modern('tools/call', { name: 'work' }).message);
    await settled();
    return { ...busy, told };
  }

  it('gets its answer, then the connection is closed', async () => {
    const { server, go, told } = await connected();
    const closing = server.close();
    await settled();
    expect(told).toEqual([]);
    go();
    await closing;
    expect(told).toMatchObject([{ result: { content: [{ text: 'done' }] } }, 'closed']);
  });

  it('has its call cancelled after 5 s', async () => {
    const { server, clock, told } = await connected();
    const closing = server.close();
    clock.advance(5_000);
    await closing;
    expect(told).toMatchObject([{ result: { content: [{ text: 'cancelled' }] } }, 'closed']);
  });
});
