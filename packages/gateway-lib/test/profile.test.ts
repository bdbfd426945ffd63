import { MCPServerBuilder } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { createProfiler } from '../src/admin.ts';
import { Gateway, type GatewayOptions } from '../src/index.ts';
import { FakeClock } from './support/fake-clock.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function gatewayWith(options: Omit<GatewayOptions, 'upstreams'> = {}): Gateway {
  const server = new MCPServerBuilder({ name: 's', version: '1' }).addTool({ name: 'hi', handler: () => 'hi' }).build();
  const gateway = new Gateway({ upstreams: { up: { server } }, ...options });
  ends.push(() => gateway.close());
  return gateway;
}

/** Calls until the process has worked for a while: samples are taken by the time that passes. */
async function callFor(cpuMicros: number, gateway: Gateway): Promise<void> {
  const since = process.cpuUsage();
  while (process.cpuUsage(since).user < cpuMicros) await gateway.call('tools/call', { name: 'up_hi', arguments: {} });
}

describe('gateway.profile()', () => {
  it.each([
    ['cpu', 'selfMs'],
    ['heap', 'selfBytes'],
  ] as const)('shows in a %s profile which functions of the gateway work', async (kind, unit) => {
    const clock = new FakeClock();
    const gateway = gatewayWith({ profiler: createProfiler({ clock }) });
    await callFor(1, gateway);
    const running = gateway.profile({ seconds: 10, kind });
    await callFor(300_000, gateway);
    clock.advance(10_000);
    const { seconds, profile, top } = await running;
    expect(seconds).toBe(10);
    expect(JSON.stringify(profile)).toContain('gateway-lib/src/router/dispatch.ts');
    expect(top.length).toBe(15);
    expect(top.every((hotspot) => Number(hotspot[unit]) > 0 && hotspot.selfShare > 0)).toBe(true);
    expect(top.map(({ file }) => file).join('\n')).toMatch(/packages\/(sdk|gateway-lib)\/src/);
  });

  it('is off unless the gateway is given a profiler, and says how to turn it on', async () => {
    await expect(gatewayWith().profile({ seconds: 1 })).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'Profiling is off; give the gateway the option profiler: createProfiler() of @org/mcp-gateway/admin.',
    });
    expect(() => gatewayWith({ profiler: true as never })).toThrow(
      'profiler is of type boolean; allowed: an object with the methods take.',
    );
  });

  it('refuses a second one while it runs, also by another gateway with the same profiler', async () => {
    const profiler = createProfiler({ clock: new FakeClock() });
    const [one, other] = [gatewayWith({ profiler }), gatewayWith({ profiler })];
    const running = one.profile({ seconds: 300 });
    await expect(other.profile({ seconds: 1 })).rejects.toMatchObject({ code: 'overloaded' });
    await one.close();
    await running;
  });

  it('ends with what it has when the gateway closes, and begins no more', async () => {
    const gateway = gatewayWith({ profiler: createProfiler({ clock: new FakeClock() }) });
    const running = gateway.profile({ seconds: 300 });
    await gateway.close();
    await expect(running).resolves.toMatchObject({ seconds: 0, profile: { nodes: expect.any(Array) as unknown } });
    await expect(gateway.profile({ seconds: 1 })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
