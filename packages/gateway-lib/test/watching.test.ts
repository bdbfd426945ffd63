import { createCall, MCPServerBuilder, type MCPServer } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Gateway, type UpstreamOptions } from '../src/index.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const build = (): MCPServer =>
  new MCPServerBuilder({ name: 'up', version: '1.0.0' })
    .addResource({ name: 'news', uri: 'up://news', subscribe: () => () => undefined, handler: () => 'news' })
    .addTool({
      name: 'query',
      parameters: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
      handler: ({ region }) => region,
    })
    .build();

/** A gateway before one server. */
async function gatewayTo(way: 'in process' | 'over HTTP'): Promise<{ server: MCPServer; gateway: Gateway }> {
  const server = build();
  open.push(server);
  const upstream: UpstreamOptions = way === 'in process' ? { server } : { url: (await server.listen()).url };
  const gateway = new Gateway({ upstreams: { up: upstream }, naming: 'never' });
  open.push(gateway);
  return { server, gateway };
}

describe.each(['in process', 'over HTTP'] as const)('through a gateway to a server %s', (way) => {
  it('a resource is watched', async () => {
    const { server, gateway } = await gatewayTo(way);
    const stop = new AbortController();
    const notifications = { resourceSubscriptions: ['up://news', 'up://nothing'] };
    const reply = await gateway.handler(createCall('subscriptions/listen', { notifications }, { signal: stop.signal }));
    const messages = reply.messages()[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const { value } = await messages.next();
      return value?.kind === 'notification' ? [value.method, value.params.value] : value;
    };
    expect(await next()).toEqual([
      'notifications/subscriptions/acknowledged',
      { notifications: { resourceSubscriptions: ['up://news'] } },
    ]);
    server.resources.updated('up://news');
    expect(await next()).toEqual(['notifications/resources/updated', { uri: 'up://news' }]);
    stop.abort();
  });

  it('mirrored arguments are checked, and mirrored for who sends none', async () => {
    const { gateway } = await gatewayTo(way);
    const params = { name: 'query', arguments: { region: 'eu' } };
    expect(await gateway.call('tools/call', params)).toMatchObject({ content: [{ text: 'eu' }] });
    const call = { ...createCall('tools/call', params), paramHeaders: { 'mcp-param-region': 'us' } };
    await expect(gateway.handler(call)).rejects.toMatchObject({ code: 'header_mismatch' });
  });

  it('an unknown resource is named in the error', async () => {
    const { gateway } = await gatewayTo(way);
    await expect(gateway.call('resources/read', { uri: 'up://nothing' })).rejects.toMatchObject({
      code: 'not_found',
      data: { uri: 'up://nothing' },
    });
  });
});
