import { MCPServerBuilder, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Gateway } from '../src/index.ts';
import { Child, isAlive, Replica, STDIO, textOf, tsFile } from './support/children.ts';
import { connectTo, listen } from './support/clients.ts';
import { deferred } from './support/fakes.ts';
import { eventsOf, modernRequest } from './support/raw.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const tool = (name: string, args: JsonObject = {}): JsonObject => ({ name, arguments: args });

/** Resolves when a process is gone. */
const gone = (pid: number): Promise<void> =>
  vi.waitFor(() => {
    expect(isAlive(pid)).toBe(false);
  }, 5_000);

describe('a host that closes its gateway', () => {
  it('lets calls finish, ends streams with a result, refuses new calls, leaves no process, and ends by itself', async () => {
    const host = new Child(tsFile('host.ts', 'http'));
    ends.push(() => host.end());
    const url = await host.line();
    const call = async (name: string, args?: JsonObject): Promise<JsonObject> =>
      (await (await fetch(url, modernRequest('tools/call', tool(name, args)))).json()) as JsonObject;
    const child = Number(textOf((await call('up_pid')).result as JsonObject));
    const grandchild = Number(textOf((await call('up_spawn')).result as JsonObject));
    expect([isAlive(child), isAlive(grandchild)]).toEqual([true, true]);

    const listening = await fetch(
      url,
      modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'L' }),
    );
    const running = call('up_wait', { ms: 700 });
    await vi.waitFor(async () => expect(await call('up_pid')).toBeDefined());
    host.signal('SIGTERM');
    const refused = await vi.waitFor(
      async () => {
        const response = await fetch(url, modernRequest('tools/call', tool('up_pid')));
        expect(response.status).toBe(503);
        return (await response.json()) as JsonObject;
      },
      { interval: 10 },
    );
    expect(refused).toMatchObject({ error: { code: -32603, data: { code: 'overloaded' } } });
    expect(await running).toMatchObject({ result: { content: [{ text: 'waited' }] } });
    const events = eventsOf(await listening.text());
    expect(events.at(-1)).toMatchObject({ id: 'L', result: { resultType: 'complete' } });

    const since = performance.now();
    await host.exited;
    expect(performance.now() - since).toBeLessThan(4_000);
    expect(host.process.exitCode).toBe(0);
    await gone(child);
    await gone(grandchild);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('ends by itself too when it serves its standard streams', async () => {
    const host = new Child(tsFile('host.ts', 'stdio'));
    ends.push(() => host.end());
    const { body } = modernRequest('tools/call', tool('up_pid'));
    host.process.stdin!.write(`${body}\n`);
    const pid = Number(textOf((JSON.parse(await host.line()) as { result: JsonObject }).result));
    host.signal('SIGTERM');
    await vi.waitFor(() => {
      expect(isAlive(host.pid)).toBe(false);
    }, 5_000);
    expect(host.process.exitCode).toBe(0);
    await gone(pid);
  });

  it('takes its children along when its own input ends', async () => {
    const host = new Child(tsFile('host.ts', 'stdio'));
    ends.push(() => host.end());
    host.process.stdin!.write(`${modernRequest('tools/call', tool('up_spawn')).body}\n`);
    const grandchild = Number(textOf((JSON.parse(await host.line()) as { result: JsonObject }).result));
    host.process.stdin!.end();
    await host.exited;
    await gone(grandchild);
  });
});

describe('closing a gateway', () => {
  it('ends sockets of HTTP upstreams', async () => {
    const replica = await Replica.start();
    ends.push(() => replica.end());
    const gateway = new Gateway({ upstreams: { web: { url: replica.url } } });
    await gateway.call('tools/call', tool('web_pid'));
    await gateway.close();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap')).toEqual([]);
    await expect(gateway.call('tools/list')).rejects.toMatchObject({ code: 'overloaded' });
    await expect(gateway.call('server/discover')).rejects.toThrow('The gateway is closing');
  });

  it('is done once, for all who ask', async () => {
    const gateway = new Gateway({ upstreams: { up: STDIO } });
    await gateway.start();
    const closing = gateway.close();
    expect(gateway.close()).toBe(closing);
    await closing;
    expect(gateway.status()[0]?.endpoints[0]).toMatchObject({ state: 'stopped', reason: 'the gateway is closed' });
  });

  it('fails the calls that take longer than they may', async () => {
    const never = new MCPServerBuilder({ name: 's', version: '1' })
      .addTool({ name: 'hang', handler: () => new Promise<string>(() => undefined) })
      .build();
    const gateway = new Gateway({ upstreams: { up: { server: never } }, drainMs: 50 });
    await gateway.start();
    const call = gateway.call('tools/call', tool('up_hang'));
    call.catch(() => undefined);
    await vi.waitFor(() => expect(gateway.status()[0]?.endpoints[0]?.load).toBe(1));
    await gateway.close();
    await expect(call).rejects.toThrow('Upstream "up": The gateway is closing.');
  });

  it('works while an upstream is being started', async () => {
    const gateway = new Gateway({ upstreams: { up: STDIO }, listTimeoutMs: 50 });
    void gateway.start();
    expect(gateway.status()[0]?.endpoints[0]?.state).toBe('connecting');
    await gateway.close();
    expect(gateway.status()[0]?.endpoints[0]?.state).toBe('stopped');
  });

  it('tells legacy listeners nothing false, and ends their streams', async () => {
    const server = new MCPServerBuilder({ name: 's', version: '1' })
      .addTool({ name: 'slow', parameters: z.object({}), handler: () => release.promise.then(() => 'done') })
      .build();
    const release = deferred();
    const gateway = new Gateway({ upstreams: { up: { server } } });
    const listening = await listen(gateway);
    ends.push(() => listening.close());
    const client = await connectTo(gateway, 'v1', { kind: 'HTTP', url: listening.url });
    ends.push(() => client.close());
    const call = client.callTool({ name: 'up_slow' });
    await vi.waitFor(() => expect(gateway.status()[0]?.endpoints[0]?.load).toBe(1));
    const closed = gateway.close();
    release.resolve();
    expect(await call).toMatchObject({ content: [{ text: 'done' }] });
    await closed;
    await expect(client.callTool({ name: 'up_slow' })).rejects.toThrow();
  });
});
