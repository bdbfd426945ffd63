import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { isAlive, textOf } from './support/children.ts';
import { Recorder } from './support/fakes.ts';
import { FRAGILE_CHILD, PLAIN_CHILD, plainHttp, type Override } from './support/plain-servers.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const TOOL = { name: 't', inputSchema: { type: 'object' } };
const BAD = { name: 'bad', inputSchema: { type: 'object' } };

async function gatewayOf(
  up: GatewayOptions['upstreams'][string],
  options: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  const gateway = new Gateway({ ...options, upstreams: { up } });
  ends.push(() => gateway.close());
  await gateway.start();
  return gateway;
}

async function overHttp(override: Override, options: Partial<GatewayOptions> = {}, tools: unknown[] = [TOOL, BAD]) {
  const server = await plainHttp(tools, override);
  ends.push(() => server.close());
  return gatewayOf({ url: server.url }, options);
}

const call = async (gateway: Gateway, name: string): Promise<string> =>
  textOf(await gateway.call('tools/call', { name: `up_${name}`, arguments: {} }));

const stateOf = (gateway: Gateway): unknown => gateway.status()[0]?.endpoints[0]?.state;

const isCall = (message: JsonObject, name: string): boolean =>
  message.method === 'tools/call' && (message.params as JsonObject).name === name;

describe('a server over HTTP with a slow tool', () => {
  it.each([401, 404, 429, 503])('is not dead when it answers the ping with HTTP %i', async (status) => {
    let asked = 0;
    const gateway = await overHttp(async (message, response) => {
      if (message.method === 'tools/call') await pause(1_500);
      if (message.method !== 'server/discover' || asked++ === 0) return false;
      response.writeHead(status).end('slow down');
      return true;
    });
    expect(await call(gateway, 't')).toBe('ok');
    expect(asked).toBeGreaterThan(1);
  });

  it('is not dead when it is far away', async () => {
    const gateway = await overHttp(async ({ method }) => {
      if (method === 'server/discover') await pause(500);
      if (method === 'tools/call') await pause(1_500);
      return false;
    });
    expect(await call(gateway, 't')).toBe('ok');
  });
});

describe('a server over HTTP with a broken tool', () => {
  const breaking: Override = async (message, response) => {
    if (message.method === 'server/discover') await pause(300);
    if (!isCall(message, 'bad')) return false;
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    return true;
  };

  it('goes on to serve the other tools', async () => {
    const gateway = await overHttp(breaking);
    for (let round = 0; round < 5; round++) {
      await expect(call(gateway, 'bad')).rejects.toThrow('HTTP 200');
      expect(stateOf(gateway)).toBe('ready');
      expect(await call(gateway, 't')).toBe('ok');
    }
  });

  it('serves them too while it is asked', async () => {
    const gateway = await overHttp(async (message, response) => {
      if (isCall(message, 'bad')) {
        response.destroy();
        return true;
      }
      return breaking(message, response);
    });
    await expect(call(gateway, 'bad')).rejects.toThrow('Upstream "up"');
    expect(stateOf(gateway)).toBe('ready');
    const since = performance.now();
    expect(await call(gateway, 't')).toBe('ok');
    expect(performance.now() - since).toBeLessThan(250);
  });
});

describe('a list with an entry that nobody can use', () => {
  it('keeps the others, and telemetry is told', async () => {
    const telemetry = new Recorder();
    const gateway = await overHttp(() => false, { telemetry }, [TOOL, null, { name: 5 }]);
    expect(await call(gateway, 't')).toBe('ok');
    expect(telemetry.facts.filter(({ name }) => name === 'catalog.skipped')[0]).toMatchObject({
      severity: 'warn',
      fields: { upstream: 'up', method: 'tools/list', entries: 2 },
    });
  });
});

describe('reading that takes too long', () => {
  it('leaves nothing behind', async () => {
    let asked = 0;
    const gateway = await overHttp(
      async ({ method }) => {
        if (method === 'server/discover' && asked++ === 0) await pause(400);
        return false;
      },
      { listTimeoutMs: 100 },
    );
    await vi.waitFor(() => {
      expect(stateOf(gateway)).toBe('ready');
    });
    await vi.waitFor(() => {
      expect(gateway.status()[0]?.endpoints[0]?.load).toBe(0);
    });
    const before = asked;
    await pause(1_200);
    expect(asked).toBe(before);
  });
});

const onLinux = process.platform === 'linux';

describe('a child', () => {
  it.skipIf(!onLinux)('that computes for longer than it may be silent is not dead', async () => {
    const gateway = await gatewayOf(PLAIN_CHILD);
    const pid = await call(gateway, 'pid');
    expect(await call(gateway, 'compute')).toBe('computed');
    expect(await call(gateway, 'pid')).toBe(pid);
  });

  it('that is stopped is dead, and says for how long it was silent', async () => {
    const gateway = await gatewayOf(PLAIN_CHILD);
    const pid = Number(await call(gateway, 'pid'));
    process.kill(pid, 'SIGSTOP');
    const since = performance.now();
    await expect(call(gateway, 'pid')).rejects.toThrow(/it has not answered for [89]\d\d ms/);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('that is stopped is replaced when it is restarted', async () => {
    const gateway = await gatewayOf(PLAIN_CHILD);
    const pid = Number(await call(gateway, 'pid'));
    process.kill(pid, 'SIGSTOP');
    await expect(call(gateway, 'pid')).rejects.toThrow('not answered');
    gateway.restart('up');
    expect(Number(await call(gateway, 'pid'))).not.toBe(pid);
    await gateway.close();
    expect(isAlive(pid)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'that ended is gone, though what it left behind holds its output',
    async () => {
      const gateway = await gatewayOf(PLAIN_CHILD);
      const pid = await call(gateway, 'pid');
      const left = Number(await call(gateway, 'orphan'));
      await vi.waitFor(async () => expect(await call(gateway, 'pid')).not.toBe(pid), { timeout: 3_000 });
      // What was killed may not be reaped yet.
      await vi.waitFor(
        () => {
          expect(isAlive(left)).toBe(false);
        },
        { timeout: 5_000 },
      );
    },
  );

  it('that does not survive the probe is started again as a legacy one, and not probed when it comes back', async () => {
    const recorder = new Recorder();
    const starts = (): number => recorder.facts.filter(({ fields }) => fields?.line === 'started').length;
    const gateway = await gatewayOf(FRAGILE_CHILD, { telemetry: recorder });
    expect(gateway.status()).toMatchObject([{ endpoints: [{ state: 'ready', era: 'legacy' }] }]);
    expect(starts()).toBe(2);
    const pid = await call(gateway, 'pid');
    process.kill(Number(pid), 'SIGKILL');
    await vi.waitFor(async () => expect(await call(gateway, 'pid')).not.toBe(pid), { timeout: 3_000 });
    expect(starts()).toBe(3);
  });

  it('that ends after an answer has it read to its end', async () => {
    const gateway = await gatewayOf(PLAIN_CHILD);
    expect(await call(gateway, 'last')).toHaveLength(1_000_000);
  });
});
