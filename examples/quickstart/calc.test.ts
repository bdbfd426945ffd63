import { Gateway } from '@org/mcp-gateway';
import { createCall, MCPServerBuilder, type Clock, type Principal } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { createCalc } from './calc.ts';
import { createRateLimit } from './middleware.ts';

const who = (...scopes: string[]): Principal => ({ subject: 'ada', scopes: new Set(scopes) });

describe('the calculator behind the gateway', () => {
  const gateway = new Gateway({ upstreams: { calc: { server: createCalc() } } });
  const calculate = (expression: string, principal: Principal | null) =>
    gateway.call('tools/call', { name: 'calc_calculate', arguments: { expression } }, { principal });

  it.each([
    ['a caller whom nobody asked', null],
    ['a principal with the scope', who('calc:use')],
  ])('answers %s', async (_, principal) => {
    expect(await calculate('6 * 7', principal)).toMatchObject({ content: [{ type: 'text', text: '42' }] });
  });

  it('refuses a principal without the scope', async () => {
    await expect(calculate('6 * 7', who('other'))).rejects.toThrow('needs the scope "calc:use"');
  });

  it('tells a model what is wrong with its expression', async () => {
    expect(await calculate('6 *', null)).toMatchObject({
      isError: true,
      content: [{ text: 'Expected a number, but the expression ends.' }],
    });
  });
});

describe('createRateLimit', () => {
  it('lets a burst pass, then as many as time allows', async () => {
    let now = 0;
    const clock: Clock = { now: () => now, wallClock: () => now, after: () => () => undefined };
    const server = new MCPServerBuilder({ name: 'limited', version: '1.0.0' })
      .addTool({ name: 'ping', handler: () => 'pong' })
      .use(createRateLimit({ burst: 2, perSecond: 4, clock }))
      .build();
    const ping = async () => server.handler(createCall('tools/call', { name: 'ping' }));

    await ping();
    await ping();
    await expect(ping()).rejects.toMatchObject({ code: 'overloaded', data: { retryAfterMs: 250 } });
    await server.handler(createCall('tools/list'));
    now = 250;
    await ping();
    await expect(ping()).rejects.toThrow('try again in 250 ms');
  });
});
