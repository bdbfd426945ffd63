import { createCall, LIST_MEMBERS, MCPServerBuilder, META, type Call } from '@org/mcp-sdk';
import { expect, it } from 'vitest';
import { Gateway } from '../src/index.ts';

it('a gateway says who it is in all that it asks of a server for itself', async () => {
  const calls: Call[] = [];
  const server = new MCPServerBuilder({ name: 'up', version: '1.0.0' })
    .addTool({ name: 'it', handler: () => 'it' })
    .addPrompt({ name: 'it', handler: () => 'it' })
    .addResource({ name: 'it', uri: 'up://it', subscribe: () => () => undefined, handler: () => 'it' })
    .use((next) => (call) => {
      calls.push(call);
      return next(call);
    })
    .build();
  const gateway = new Gateway({ upstreams: { up: { server } }, name: 'front', version: '2.0.0' });
  try {
    await gateway.start();
    const stop = new AbortController();
    const notifications = { resourceSubscriptions: ['up://it'] };
    const { signal } = stop;
    const reply = await gateway.handler(createCall('subscriptions/listen', { notifications }, { signal }));
    for await (const message of reply.messages()) if (message.kind === 'notification') stop.abort();
    const methods = ['server/discover', 'subscriptions/listen', ...Object.keys(LIST_MEMBERS)];
    expect(new Set(calls.map(({ method }) => method))).toEqual(new Set(methods));
    const who = calls.map(({ params }) => (params.value._meta as Record<string, unknown>)[META.clientInfo]);
    expect(who).toEqual(calls.map(() => ({ name: 'front', version: '2.0.0' })));
  } finally {
    await gateway.close();
    await server.close();
  }
});
